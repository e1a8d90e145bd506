import { expect, it } from 'vitest';
import { nextSpeaker, SPEAKER_MS } from './speaker';

const others = new Set(['a', 'b']);
const a = { id: 'a', since: 1000 };

it.each([
	['nobody spoke yet', { id: undefined, since: 0 }, [], 5000, undefined],
	['the first speaks', { id: undefined, since: 0 }, ['a'], 5000, 'a'],
	['silence', a, [], 9000, 'a'],
	['only the viewer speaks', a, ['me'], 9000, 'a'],
	['somebody else alone', a, ['b'], 1100, 'b'],
	['somebody louder, too soon', a, ['b', 'a'], 1000 + SPEAKER_MS - 1, 'a'],
	['somebody louder, later', a, ['b', 'a'], 1000 + SPEAKER_MS, 'b'],
	['the speaker left', { id: 'gone', since: 0 }, ['b'], 10, 'b'],
] as const)('when %s', (_, before, floor, now, want) => {
	expect(nextSpeaker(before, floor, others, now).id).toBe(want);
});

it('returns the same when nothing changed', () => {
	expect(nextSpeaker(a, ['a'], others, 5000)).toBe(a);
});
