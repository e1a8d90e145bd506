import { describe, expect, it } from 'vitest';
import { dateText, dayStart, instantOf, offsetAt, parseDate, parseWall, timeText, wallOf } from './zone';

const wall = (date: string, time: string) => {
	const parsed = parseWall(date, time);
	if (parsed === null) throw new Error(`${date} ${time}`);
	return parsed;
};

describe('wall times', () => {
	it.each([
		['2026-07-01', '09:30', 'Europe/Berlin', '2026-07-01T07:30:00.000Z', true],
		['2026-12-01', '09:30', 'Europe/Berlin', '2026-12-01T08:30:00.000Z', true],
		['2026-03-29', '02:30', 'Europe/Berlin', '2026-03-29T01:30:00.000Z', false], // skipped: shown as 3:30
		['2026-10-25', '02:30', 'Europe/Berlin', '2026-10-25T00:30:00.000Z', true], // twice: the first
		['2026-03-08', '02:30', 'America/New_York', '2026-03-08T07:30:00.000Z', false],
		['2026-11-01', '01:30', 'America/New_York', '2026-11-01T05:30:00.000Z', true],
		['2026-01-01', '00:00', 'Asia/Kolkata', '2025-12-31T18:30:00.000Z', true],
		['2026-10-04', '02:15', 'Australia/Lord_Howe', '2026-10-03T15:45:00.000Z', false], // half an hour forward
		['2026-06-15', '12:00', 'Pacific/Kiritimati', '2026-06-14T22:00:00.000Z', true],
	])('%s %s in %s is %s', (date, time, zone, instant, exists) => {
		const got = instantOf(wall(date, time), zone);
		expect(new Date(got.ms).toISOString()).toBe(instant);
		expect(got.exists).toBe(exists);
	});

	it('come back from every hour of a year in zones that change their clocks', () => {
		for (const zone of ['Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Kathmandu']) {
			for (let ms = Date.UTC(2026, 0, 1); ms < Date.UTC(2027, 0, 1); ms += 3_600_000 * 5) {
				const { ms: back, exists } = instantOf(wallOf(ms, zone), zone);
				expect(exists).toBe(true);
				expect([ms, ms - 3_600_000, ms - 1_800_000]).toContain(back);
			}
		}
	});

	it('are UTC where the zone is not known', () => {
		expect(offsetAt(0, 'Nowhere/City')).toBe(0);
	});
});

describe('days', () => {
	it('begin at midnight there, are 23 to 25 hours long, and run over', () => {
		const length = (month: number, day: number) => (dayStart(2026, month, day + 1, 'Europe/Berlin') - dayStart(2026, month, day, 'Europe/Berlin')) / 3_600_000;
		expect([length(3, 29), length(6, 1), length(10, 25)]).toEqual([23, 24, 25]);
		expect(dayStart(2026, 1, 32, 'UTC')).toBe(Date.UTC(2026, 1, 1));
	});

	it('begin later where midnight is skipped', () => {
		expect(wallOf(dayStart(2026, 9, 6, 'America/Santiago'), 'America/Santiago')).toMatchObject({ day: 6, hour: 1 });
	});
});

describe('fields', () => {
	it('are read and written', () => {
		expect(dateText(wall('2026-02-03', '04:05'))).toBe('2026-02-03');
		expect(timeText(wall('2026-02-03', '04:05'))).toBe('04:05');
	});

	it.each(['', '2026-02-30', '2026-13-01', '26-1-1', 'x'])('have no date in %j', (date) => {
		expect(parseDate(date)).toBeNull();
	});

	it.each(['', '24:00', '12:60', '1:00'])('have no time in %j', (time) => {
		expect(parseWall('2026-01-01', time)).toBeNull();
	});
});
