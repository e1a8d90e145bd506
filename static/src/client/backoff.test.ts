import { expect, it } from 'vitest';
import { backoff } from './backoff';

it.each([
	[1, 0, 125],
	[1, 1, 250],
	[3, 1, 1000],
	[6, 1, 5000],
	[5000, 1, 5000],
	[5000, 0, 2500],
	[0, 1, 250],
])('try %i with chance %f waits %i ms', (attempt, random, want) => {
	expect(backoff(attempt, random)).toBe(want);
});
