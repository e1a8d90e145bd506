import { describe, expect, it } from 'vitest';
import { columns, firstWeekday, hoursOf, inDay, monthOf, shareOf, shownDate, turn, weekOf } from './calendar';

const HOUR = 3_600_000;

describe('weeks and months', () => {
	it('begin on the day the language begins them', () => {
		expect(firstWeekday('en-GB')).toBe(1);
		expect(firstWeekday('en-US')).toBe(7);
		expect(firstWeekday('not a language')).toBe(1);
		expect(weekOf('2026-11-22', 1, 'UTC').map(({ date }) => date)).toEqual(['2026-11-16', '2026-11-17', '2026-11-18', '2026-11-19', '2026-11-20', '2026-11-21', '2026-11-22']);
		expect(weekOf('2026-11-22', 7, 'UTC')[0]?.date).toBe('2026-11-22');
	});

	it('are whole weeks around the month, also the shortest', () => {
		const month = monthOf('2026-11-22', 1, 'UTC');
		expect([month.length, month[0]?.date, month.at(-1)?.date]).toEqual([42, '2026-10-26', '2026-12-06']);
		expect(monthOf('2021-02-10', 1, 'UTC')).toHaveLength(28);
	});

	it('follow each other without a gap when clocks change', () => {
		const month = monthOf('2026-10-01', 1, 'Europe/Berlin');
		for (const [index, day] of month.entries()) expect(day.from).toBe(index === 0 ? day.from : month[index - 1]?.to);
		expect(month.map(({ from, to }) => (to - from) / HOUR).filter((hours) => hours !== 24)).toEqual([25]);
	});

	it('turn', () => {
		expect(turn('2026-01-31', 'month', 1)).toBe('2026-02-28');
		expect(turn('2026-01-15', 'month', -1)).toBe('2025-12-15');
		expect(turn('2026-12-30', 'week', 1)).toBe('2027-01-06');
	});

	it('show today when asked for nonsense', () => {
		const now = Date.UTC(2026, 10, 22, 23, 30);
		expect(shownDate('soon', now, 'Asia/Tokyo')).toBe('2026-11-23');
		expect(shownDate('2026-02-01', now, 'Asia/Tokyo')).toBe('2026-02-01');
	});
});

describe('a day', () => {
	const [day] = weekOf('2026-11-22', 7, 'UTC');
	if (day === undefined) throw new Error('no day');
	const at = (from: number, to: number) => ({ start: day.from + from * HOUR, end: day.from + to * HOUR });

	it('has what touches it, cut at midnight', () => {
		const [late, over, other, none] = [at(22, 26), at(-1, 1), at(24, 25), at(-3, 0)];
		expect(inDay([late, over, other, none], day)).toEqual([over, late]);
		expect(shareOf(late, day)).toEqual({ from: 22 / 24, to: 1 });
		expect(shareOf(over, day)).toEqual({ from: 0, to: 1 / 24 });
	});

	it('puts what overlaps side by side', () => {
		const [a, b, c, d] = [at(9, 11), at(10, 12), at(11, 12), at(13, 14)];
		expect(columns([d, c, b, a]).map(({ item, column, columns: all }) => [item, column, all])).toEqual([
			[a, 0, 2],
			[b, 1, 2],
			[c, 0, 2],
			[d, 0, 1],
		]);
		expect(columns([])).toEqual([]);
	});

	it('shows more hours when something is early or late', () => {
		expect(hoursOf([], [day])).toEqual({ from: 8, to: 18 });
		expect(hoursOf([at(6.5, 7), at(17, 20.25)], [day])).toEqual({ from: 6, to: 21 });
	});
});
