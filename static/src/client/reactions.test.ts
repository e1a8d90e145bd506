import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Reaction } from './protocol.gen';
import { createReactions, REACTION_MS, reactionOf, withReactions } from './reactions';

describe('withReactions', () => {
	const row = (participant: string): Reaction => ({ emoji: '👏', count: 1, participants: [participant] });

	it('gives each its own key and forgets the oldest of too many', () => {
		let list = withReactions([], [row('a')], 0);
		for (let n = 0; n < 40; n++) list = withReactions(list, [row(`p${n}`)], n);
		expect(list.length).toBe(24);
		expect(new Set(list.map(({ key }) => key)).size).toBe(24);
		expect(reactionOf(list, 'a')).toBeUndefined();
		expect(reactionOf(list, 'p39')).toBe('👏');
	});

	it('shows over a tile what came last', () => {
		const list = withReactions(withReactions([], [row('a')], 0), [{ emoji: '🎉', count: 1, participants: ['a'] }], 1);
		expect(reactionOf(list, 'a')).toBe('🎉');
	});
});

describe('createReactions', () => {
	beforeEach(() => void vi.useFakeTimers());
	afterEach(() => void vi.useRealTimers());

	it('takes each away after its time', () => {
		const end = new AbortController();
		const { shown, show } = createReactions(end.signal);
		show([{ emoji: '👍', count: 3, participants: ['a'] }]);
		vi.advanceTimersByTime(2000);
		show([{ emoji: '🎉', count: 1, participants: ['b'] }]);
		vi.advanceTimersByTime(REACTION_MS - 2000);
		expect(shown.get().map(({ emoji }) => emoji)).toEqual(['🎉']);
		vi.advanceTimersByTime(2000);
		expect(shown.get()).toEqual([]);
		end.abort();
		show([{ emoji: '👍', count: 1, participants: ['a'] }]);
		expect(shown.get()).toEqual([]);
	});
});
