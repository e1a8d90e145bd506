import { describe, expect, it } from 'vitest';
import { arrange, pageOf } from './arrange';

describe('arrange', () => {
	const before = ['a', 'b', 'c', 'd', 'e'];
	it.each([
		['nothing changed', before, [], before],
		['one came', [...before, 'f'], [], [...before, 'f']],
		['one left', ['a', 'c', 'd', 'e'], [], ['a', 'c', 'd', 'e']],
		['a loud one stands in front already', before, ['b'], before],
		['a loud one stands behind', before, ['e'], ['a', 'b', 'e', 'd', 'c']],
		['two loud ones stand behind', before, ['e', 'd'], ['a', 'd', 'e', 'b', 'c']],
		['more are loud than there are slots', before, ['a', 'b', 'c', 'd'], before],
		['a loud one is not on stage', before, ['z'], before],
	])('when %s', (_, present, loud, want) => {
		expect(arrange(present, before, loud, 3)).toEqual(want);
	});

	it('returns the same list when nothing changed', () => {
		expect(arrange([...before], before, ['a'], 3)).toBe(before);
	});
});

describe('pageOf', () => {
	const list = [1, 2, 3, 4, 5];
	it.each([
		[0, { items: [1, 2], page: 0, pages: 3 }],
		[2, { items: [5], page: 2, pages: 3 }],
		[9, { items: [5], page: 2, pages: 3 }],
		[-1, { items: [1, 2], page: 0, pages: 3 }],
	])('%i', (page, want) => {
		expect(pageOf(list, 2, page)).toEqual(want);
	});
	it('of nothing is one empty page', () => {
		expect(pageOf([], 4, 3)).toEqual({ items: [], page: 0, pages: 1 });
	});
});
