import { expect, test } from 'vitest';
import { backAfter, smoothness, steadyFrom } from './frames.ts';

/** Frames every 50 ms from one time to another. */
const run = (from: number, to: number) => Array.from({ length: Math.ceil((to - from) / 50) }, (_, i) => from + i * 50);

test.each([
	['an even picture', run(0, 3000), { freezes: 0, frozenMs: 0, longestMs: 50 }],
	['a gap below the threshold', [...run(0, 1000), ...run(1140, 3000)], { freezes: 0, frozenMs: 0, longestMs: 190 }],
	['a freeze', [...run(0, 1000), ...run(1450, 3000)], { freezes: 1, frozenMs: 500, longestMs: 500 }],
	['a picture that never comes back', run(0, 1000), { freezes: 1, frozenMs: 2050, longestMs: 2050 }],
	['a freeze before it is looked at', [...run(0, 200), ...run(450, 3000)], { freezes: 0, frozenMs: 0, longestMs: 50 }],
])('%s', (_name, frames, want) => {
	expect(smoothness(frames, 500, 3000)).toEqual(want);
});

test('when the picture is back, and when it is steady', () => {
	const frames = [...run(0, 1000), 3000, 3400, ...run(4000, 6000)];
	expect(backAfter(frames, 900, 1000)).toBe(3000);
	expect(backAfter(run(0, 1000), 100, 1000)).toBeUndefined();
	expect(steadyFrom(frames, 1000, 18)).toBe(4000);
	expect(steadyFrom(run(0, 500), 0, 18)).toBeUndefined();
});
