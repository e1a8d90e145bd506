import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Tile } from './protocol.gen';
import { createViewSender, seatsWanted, viewOf } from './view';

describe('viewOf', () => {
	it('puts screens first, keeps the order of faces, and counts device pixels in steps', () => {
		const tiles = [
			{ participant: 'p1', source: 'camera', cssHeight: 180 },
			{ participant: 'p2', source: 'camera', cssHeight: 181 },
			{ participant: 'p2', source: 'screen', cssHeight: 700 },
		] as const;
		expect(viewOf(tiles, 2)).toEqual([
			{ participant: 'p2', source: 'screen', height: 1410 },
			{ participant: 'p1', source: 'camera', height: 360 },
			{ participant: 'p2', source: 'camera', height: 390 },
		]);
	});

	it('leaves out tiles without height and second mentions', () => {
		const face = { participant: 'p1', source: 'camera', cssHeight: 90 } as const;
		expect(viewOf([{ ...face, participant: 'p0', cssHeight: 0 }, face, face], 1)).toEqual([{ participant: 'p1', source: 'camera', height: 90 }]);
	});
});

describe('seatsWanted', () => {
	it.each([
		[9, 3, 2, 9],
		[9, 9, 0, 9],
		[9, 9, 1, 18],
		[9, 25, 5, 36],
		[36, 49, 5, 49],
		[49, 60, 5, 49],
		[18, 2, 0, 18],
	])('%i seats, %i tiles and %i voices make %i', (current, tiles, voices, want) => {
		expect(seatsWanted(current, tiles, voices)).toBe(want);
	});
});

describe('createViewSender', () => {
	beforeEach(() => {
		vi.useFakeTimers();
	});
	afterEach(() => {
		vi.useRealTimers();
	});
	const face = (participant: string): Tile => ({ participant, source: 'camera', height: 180 });

	it('sends the last view once it has rested, and only when it changed', () => {
		const sent: Tile[][] = [];
		const sender = createViewSender((tiles) => sent.push(tiles), new AbortController().signal);
		sender.set([face('p1')]);
		vi.advanceTimersByTime(99);
		sender.set([face('p2')]);
		vi.advanceTimersByTime(99);
		expect(sent).toEqual([]);
		vi.advanceTimersByTime(1);
		expect(sent).toEqual([[face('p2')]]);
		sender.set([face('p1')]);
		sender.set([face('p2')]);
		vi.advanceTimersByTime(1000);
		expect(sent).toHaveLength(1);
	});

	it('sends the first view of a new session at once, also the one it sent to the old', () => {
		const send = vi.fn();
		const sender = createViewSender(send, new AbortController().signal);
		for (const times of [1, 2]) {
			sender.renew();
			sender.set([face('p1')]);
			vi.advanceTimersByTime(0);
			expect(send).toHaveBeenCalledTimes(times);
		}
		sender.set([face('p2')]);
		vi.advanceTimersByTime(99);
		expect(send).toHaveBeenCalledTimes(2);
	});

	it('sends nothing after its signal', () => {
		const ended = new AbortController();
		const send = vi.fn();
		const sender = createViewSender(send, ended.signal);
		sender.set([face('p1')]);
		ended.abort();
		sender.set([face('p2')]);
		vi.advanceTimersByTime(1000);
		expect(send).not.toHaveBeenCalled();
	});
});
