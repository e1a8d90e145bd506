import { describe, expect, it } from 'vitest';
import { loudness, seatLevel, smooth } from './levels';

describe('loudness', () => {
	it.each([
		[0, 0],
		[-1, 0],
		[Number.NaN, 0],
		[0.003, 0],
		[1, 1],
		[10 ** (-32.5 / 20), 0.5],
	])('of %f is %f', (linear, want) => {
		expect(loudness(linear)).toBeCloseTo(want, 1);
	});
});

describe('smooth', () => {
	it('rises faster than it falls and settles', () => {
		expect(smooth(0, 1)).toBeGreaterThan(1 - smooth(1, 0));
		let shown = 1;
		for (let frame = 0; frame < 120; frame++) shown = smooth(shown, 0);
		expect(shown).toBeLessThan(0.001);
	});
});

describe('seatLevel', () => {
	it.each([
		['the occupant', [{ source: 7, timestamp: 2 }, { source: 3, timestamp: 1 }], [{ source: 99, timestamp: 2, audioLevel: 0.4 }], 0.4],
		['the one before', [{ source: 3, timestamp: 2 }, { source: 7, timestamp: 1 }], [{ source: 99, timestamp: 2, audioLevel: 0.4 }], 0],
		['nobody yet', [], [], undefined],
		['a browser without CSRC', [], [{ source: 99, timestamp: 1, audioLevel: 0.2 }], 0.2],
	] as const)('when the last packet is of %s', (_, contributing, synchronizing, want) => {
		expect(seatLevel(7, contributing, synchronizing)).toBe(want);
	});
});
