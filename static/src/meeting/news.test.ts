import { describe, expect, it } from 'vitest';
import type { Meeting, Participant } from '../client';
import { newsBetween, newsOf, reminderBetween } from './news';

const person = (id: string, name = id): Participant => ({ id, number: 1, name, role: 'guest', sources: [], connected: true, joined_at: '' });
const base: Meeting = {
	self: 'me',
	role: 'guest',
	room: { id: 'r', title: '', ends_at: '2026-01-02T11:00:00Z' },
	participants: [person('me'), person('a', 'Ann')],
	recording: { on: false },
	chat: [],
	seats: [],
	floor: [],
	seq: 1,
	clockOffsetMs: 0,
};
const texts = (after: Partial<Meeting>, before: Partial<Meeting> = {}) => newsBetween({ ...base, ...before }, { ...base, ...after }).map(({ text }) => text);

describe('newsBetween', () => {
	it.each([
		['nothing', {}, {}, []],
		['coming', { participants: [...base.participants, person('b', 'Bo')] }, {}, ['Bo joined.']],
		['leaving', { participants: [person('me')] }, {}, ['Ann left.']],
		['a start', { recording: { on: true, by: 'Ann' } }, {}, ['Ann started recording this meeting.']],
		['a stop', { recording: { on: false, by: 'Ann' } }, { recording: { on: true } }, ['Ann stopped the recording.']],
		['a stop by itself', { recording: { on: false, notice: 'The disk is full.' } }, { recording: { on: true } }, ['Recording stopped. The disk is full.']],
		['more time', { room: { ...base.room, ends_at: '2026-01-02T11:30:00Z' } }, {}, ['The meeting goes on 30 min longer.']],
		['less time', { room: { ...base.room, ends_at: '2026-01-02T10:45:00Z' } }, {}, ['The meeting ends 15 min earlier.']],
		['a few seconds more', { room: { ...base.room, ends_at: '2026-01-02T11:00:40Z' } }, {}, []],
		['an end that is no time', { room: { ...base.room, ends_at: '' } }, {}, []],
		['a new session of ours', { self: 'me2', participants: [] }, {}, []],
	] as const)('tells of %s', (_, after, before, want) => {
		expect(texts(after, before)).toEqual(want);
	});

	it('stays silent about who comes to a crowd', () => {
		const crowd = Array.from({ length: 20 }, (_, index) => person(`c${index}`));
		expect(texts({ participants: [...crowd, person('b')] }, { participants: crowd })).toEqual([]);
	});
});

describe('reminderBetween', () => {
	it.each([
		[400_000, 350_000, undefined],
		[300_500, 299_500, 'The meeting ends in 5 min.'],
		[299_500, 298_500, undefined],
		[60_500, 59_500, 'The meeting ends in 1 min.'],
		[400_000, 30_000, 'The meeting ends in 1 min.'],
		[1_000, -1, undefined],
	])('from %i to %i', (before, now, want) => {
		expect(reminderBetween(before, now)?.text).toBe(want);
	});
});

describe('newsOf', () => {
	it.each([
		[{ kind: 'share_failed', reason: 'cancelled' }, undefined],
		[{ kind: 'error', code: 'record_failed', message: 'The disk is full.', about: 'record' }, 'The recording did not start. The disk is full.'],
		[{ kind: 'error', code: 'bad_message', message: 'Too long.', about: 'chat' }, 'Your message was not sent. Too long.'],
		[{ kind: 'error', code: 'forbidden', message: '', about: 'end' }, 'Only a host may do that.'],
	] as const)('%j', (event, want) => {
		expect(newsOf(event)?.text).toBe(want);
	});
});
