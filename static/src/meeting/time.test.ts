import { expect, it } from 'vitest';
import { createWords } from '../words';
import { en } from '../words/en';
import { clock, namesInWords, stretch, timeOfDay } from './time';

const t = createWords('en', en, 'en-GB');

it.each([
	[-5, '0:00'],
	[5_900, '0:05'],
	[754_000, '12:34'],
	[3_723_000, '1:02:03'],
])('clock %i', (ms, want) => {
	expect(clock(ms)).toBe(want);
});

it.each([
	[0, 'less than a minute'],
	[59_999, 'less than a minute'],
	[60_000, '1 min'],
	[60_001, '2 min'],
	[3_600_000, '1 h'],
	[7_500_000, '2 h 5 min'],
	[86_400_000, '1 d'],
	[97_200_000, '1 d 3 h'],
])('stretch %i', (ms, want) => {
	expect(stretch(t, ms)).toBe(want);
});

it('names the day only when it is another', () => {
	const noon = new Date(2026, 0, 2, 12).getTime();
	expect(timeOfDay(t, noon, noon)).not.toMatch(/2026/);
	expect(timeOfDay(t, noon, noon + 86_400_000)).toMatch(/2026/);
});

it.each([
	[[], 0, ''],
	[['Ann'], 1, 'Ann'],
	[['Ann', 'Bo'], 2, 'Ann and Bo'],
	[['Ann', 'Bo', 'Cy'], 3, 'Ann, Bo and Cy'],
	[['Ann', 'Bo', 'Cy', 'Di'], 4, 'Ann, Bo and 2 others'],
	[['Ann', 'Bo'], 40, 'Ann, Bo and 38 others'],
	[['Ann', 'Bo', 'Cy'], 4, 'Ann, Bo and 2 others'],
])('names %j of %i', (names, count, want) => {
	expect(namesInWords(t, names, count)).toBe(want);
});
