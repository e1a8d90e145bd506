import { describe, expect, it } from 'vitest';
import * as model from './model';
import { blankForm, changeOf, errorsOf, formOf, parseMinutes, timesOf, wishOf } from './wish';

const now = Date.UTC(2026, 10, 22, 13, 10);
const blank = blankForm(now, 'Europe/Berlin');
const later = { ...blank, when: 'later', date: '2026-11-23', time: '09:00' } as const;

const room = model.room(
	{
		id: '1',
		title: 'Weekly',
		description: 'Weekly',
		creator: { id: 1, name: 'admin' },
		start: '2026-11-23T08:00:00Z',
		end: '2026-11-23T09:00:00Z',
		duration: 60,
		timezone: 'Europe/Berlin',
		capacity: 20,
		has_passcode: true,
		audience_may: ['chat'],
		meeting_url: '/m',
		host_url: '/h',
	},
	'room',
);

describe('a reservation', () => {
	it('starts now for an hour unless one says otherwise', () => {
		expect(errorsOf(blank, now)).toEqual({});
		expect(wishOf(blank, now)).toEqual({ duration: 60, timezone: 'Europe/Berlin', description: '', capacity: 0, passcode: '', lobby: false, recording_policy: 'manual', guest_role: 'speaker', audience_may: ['chat', 'hand', 'reaction'] });
		expect([blank.date, blank.time, blank.untilTime]).toEqual(['2026-11-22', '14:30', '15:30']);
	});

	it('starts at a time in its own zone', () => {
		expect(wishOf(later, now)).toMatchObject({ start: '2026-11-23T08:00:00.000Z', duration: 60 });
		expect(wishOf({ ...later, timezone: 'Asia/Kolkata' }, now)).toMatchObject({ start: '2026-11-23T03:30:00.000Z' });
	});

	it('ends at a time, also on another day', () => {
		const until = { ...later, preset: 'until', untilDate: '2026-11-24', untilTime: '08:30' } as const;
		expect(wishOf(until, now)).toMatchObject({ end: '2026-11-24T07:30:00.000Z' });
		expect(wishOf(until, now)).not.toHaveProperty('duration');
	});

	it('says when the clocks skip its time', () => {
		expect(timesOf({ ...later, date: '2027-03-28', time: '02:30' }, now).skipped).toBe(true);
		expect(timesOf(later, now).skipped).toBe(false);
	});

	it.each([
		[{ ...later, date: '' }, 'start'],
		[{ ...later, date: '2026-11-21' }, 'start'],
		[{ ...later, preset: 'until', untilDate: '2026-11-23', untilTime: '09:00' }, 'until'],
		[{ ...later, preset: 'until', untilDate: '2026-11-25', untilTime: '09:00' }, 'until'],
		[{ ...later, preset: 'until', untilDate: '', untilTime: '' }, 'until'],
		[{ ...blank, preset: null, custom: '1.5' }, 'custom'],
		[{ ...blank, capacity: '501' }, 'capacity'],
		[{ ...blank, passcodeIs: 'set', passcode: 'abc' }, 'passcode'],
	] as const)('row %#: points at the field that is wrong', (form, field) => {
		expect(Object.keys(errorsOf(form, now))).toEqual([field]);
	});

	it.each([['45', 45], [' 1440 ', 1440], ['0', null], ['1441', null], ['', null], ['9e1', null]] as const)('of %j minutes is %s', (typed, minutes) => {
		expect(parseMinutes(typed)).toBe(minutes);
	});
});

describe('a change', () => {
	it('names only what is different', () => {
		expect(changeOf(formOf(room), room, now, false)).toEqual({});
		expect(changeOf({ ...formOf(room), description: 'Monthly ', lobby: true }, room, now, false)).toEqual({ description: 'Monthly', lobby: true });
		expect(changeOf({ ...formOf(room), passcodeIs: 'none' }, room, now, false)).toEqual({ passcode: '' });
		expect(changeOf({ ...formOf(room), passcodeIs: 'set', passcode: 'sesame' }, room, now, false)).toEqual({ passcode: 'sesame' });
	});

	it('moves start and end together, and leaves them once it has begun', () => {
		const moved = { ...formOf(room), time: '10:00', untilTime: '11:30' };
		expect(changeOf(moved, room, now, false)).toEqual({ start: '2026-11-23T09:00:00.000Z', end: '2026-11-23T10:30:00.000Z' });
		expect(changeOf(moved, room, now, true)).toEqual({});
		expect(errorsOf({ ...moved, date: '2020-01-01' }, now, true)).toEqual({});
	});
});
