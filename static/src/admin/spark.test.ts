import { describe, expect, it } from 'vitest';
import type { Figure } from './figures_api';
import { bitrateWords, BOX, linesOf, lineWords, pathOf, percentWords } from './spark';

const figure = (change: Partial<Figure>): Figure => ({ at: 0, rooms: 1, people: 0, bitrate: 0, loss: 0, cpu: 0, ...change });

describe('figures in words', () => {
	it.each([
		[0, '0\u00a0bit/s'],
		[999.4, '999\u00a0bit/s'],
		[999.6, '1.0\u00a0kbit/s'],
		[3_440_000, '3.4\u00a0Mbit/s'],
		[999_600_000, '1.0\u00a0Gbit/s'],
		[12_000_000_000, '12\u00a0Gbit/s'],
	])('%d bit/s is %j', (bits, want) => expect(bitrateWords(bits)).toBe(want));

	it.each([
		[0, '0\u00a0%'],
		[0.004, '0.4\u00a0%'],
		[0.0999, '10\u00a0%'],
		[1, '100\u00a0%'],
	])('%d is %j', (share, want) => expect(percentWords(share)).toBe(want));

	it('says what the line shows', () => {
		const [people] = linesOf([2, 5, 3].map((count) => figure({ people: count })), 'Processors');
		expect(people === undefined ? '' : lineWords(people, 5)).toBe('People: 3 now, 2 to 5 in the last minute');
		const many = linesOf(Array.from({ length: 60 }, () => figure({ loss: 0.02 })), 'Processors')[2];
		expect(many === undefined ? '' : lineWords(many, 5)).toBe('Loss: 2.0\u00a0% now, 2.0\u00a0% to 2.0\u00a0% in the last 5 minutes');
	});
});

describe('the lines', () => {
	it('tell of the processors to those who may know', () => {
		expect(linesOf([figure({})], 'Processors').map(({ name }) => name)).toEqual(['People', 'Sent', 'Loss', 'Processors']);
		expect(linesOf([figure({ cpu: -1 })], 'Processors').map(({ name }) => name)).toEqual(['People', 'Sent', 'Loss']);
	});

	it('are drawn with the newest at the right', () => {
		expect(pathOf({ values: [0, 4], least: 1 }, 3)).toBe(`M60.0 ${(BOX.height - 1).toFixed(1)}L120.0 1.0`);
	});

	it('stay flat for a little noise', () => {
		const heights = [...pathOf({ values: [0.001, 0.002, 0.001], least: 0.05 }, 3).matchAll(/ ([\d.]+)/g)].map(([, y]) => Number(y));
		expect(Math.max(...heights) - Math.min(...heights)).toBeLessThan(2);
	});
});
