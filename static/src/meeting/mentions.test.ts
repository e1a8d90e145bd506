import { describe, expect, it } from 'vitest';
import { mentions, offerNames, splitMentions } from './mentions';

const names = ['Ann', 'Ann Lee', 'Zoë', 'C++ (x)'];
const found = (text: string) => splitMentions(text, names).flatMap((piece) => (piece.kind === 'mention' ? [piece.name] : []));

describe('splitMentions', () => {
	it.each([
		['hi @Ann, look', ['Ann']],
		['@ann lee is right', ['Ann Lee']],
		['@zoe and @Ann', ['Zoë', 'Ann']],
		['@Annabel', []],
		['mail ann@Ann.example', []],
		['@', []],
		['@@Ann', ['Ann']],
		['@C++ (x)!', ['C++ (x)']],
		['nobody', []],
	])('%j mentions %j', (text, want) => {
		expect(found(text)).toEqual(want);
		expect(splitMentions(text, names).map((piece) => piece.text).join('')).toBe(text);
	});
	it('knows who is meant', () => {
		expect([mentions('@Bo!', 'Bo'), mentions('@Bob', 'Bo'), mentions('Bo', 'Bo'), mentions('@', '')]).toEqual([true, false, false, false]);
	});
});

describe('offerNames', () => {
	it.each([
		['@', 1, { from: 0, names: ['Ann', 'Ann Lee', 'Zoë', 'C++ (x)'] }],
		['hey @zo', 7, { from: 4, names: ['Zoë'] }],
		['@lee', 4, { from: 0, names: ['Ann Lee'] }],
		['@Zoë', 4, undefined],
		['a@z', 3, undefined],
		['@ann', 1, { from: 0, names: ['Ann', 'Ann Lee', 'Zoë', 'C++ (x)'] }],
		['no', 2, undefined],
	])('%j at %i', (text, caret, want) => {
		expect(offerNames(text, caret, names)).toEqual(want);
	});
});
