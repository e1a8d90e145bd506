import { describe, expect, it } from 'vitest';
import { ANNOUNCEMENT_LIMIT, CHAT_LIMIT, handsUp, isHeard, meetingOf, mergeRoster, reduce, runsOver, spotlit, waitingOf } from './meeting';
import type { Meeting } from './meeting';
import type { Joined, Participant } from './protocol.gen';

const person = (id: string, more: Partial<Participant> = {}): Participant => ({
	id,
	number: Number(id.slice(1)),
	name: id.toUpperCase(),
	role: 'speaker',
	sources: [],
	connected: true,
	joined_at: '2026-01-02T10:00:00.000Z',
	...more,
});

const joined: Joined = {
	participant: 'p2',
	resume_token: 't',
	role: 'host',
	answer: 'sdp',
	room: { id: '1.a', title: 'Planning', ends_at: '2026-01-02T11:00:00.000Z', locked: false, lobby: false, recording_policy: 'manual', audience_may: ['chat', 'hand', 'reaction'] },
	roster: [person('p1'), person('p2')],
	recording: { on: false },
	chat: [],
	seq: 10,
	now: '2026-01-02T10:00:05.000Z',
};

const now = Date.parse('2026-01-02T10:00:00.000Z');
const start = (): Meeting => meetingOf(joined, now);
const ids = (meeting: Meeting) => meeting.participants.map(({ id }) => id);

describe('reduce', () => {
	it('takes the server clock from joined and resumed', () => {
		expect(start().clockOffsetMs).toBe(5000);
		expect(reduce(start(), { type: 'resumed', now: '2026-01-02T09:59:59.000Z' }, now).clockOffsetMs).toBe(-1000);
		expect(reduce(start(), { type: 'resumed', now: 'soon' }, now).clockOffsetMs).toBe(0);
	});

	it('applies roster changes in place and counts the event', () => {
		const next = reduce(start(), { type: 'roster', seq: 11, changed: [person('p3'), person('p1', { connected: false })], left: ['p2'] }, now);
		expect(ids(next)).toEqual(['p1', 'p3']);
		expect(next.participants[0]?.connected).toBe(false);
		expect(next.seq).toBe(11);
	});

	it('takes the pages of a large roster, each row once and in the order of joining', () => {
		const own = meetingOf({ ...joined, participant: 'p9', roster: [person('p1'), person('p9')], roster_more: 3 }, now);
		const first = reduce(own, { type: 'roster_page', rows: [person('p2'), person('p3')], more: 1 }, now);
		const all = reduce(first, { type: 'roster_page', rows: [person('p10'), person('p3')] }, now);
		expect(ids(all)).toEqual(['p1', 'p2', 'p3', 'p9', 'p10']);
		expect(all.seq).toBe(10);
		expect(ids(reduce(all, { type: 'roster', seq: 11, changed: [person('p11')], left: ['p2', 'p99'] }, now))).toEqual(['p1', 'p3', 'p9', 'p10', 'p11']);
	});

	it('keeps private lines in their place, and each once', () => {
		const chat = (seq: number, text: string, at: string) => ({ type: 'chat', seq, from: 'p1', name: 'P1', text, at }) as const;
		const direct = (number: number, text: string, at: string) => ({ type: 'direct', number, from: 'p1', name: 'P1', text, at, to: 'p2', to_name: 'P2' }) as const;
		const one = reduce(start(), chat(11, 'a', '2026-01-02T10:00:01.000Z'), now);
		const two = reduce(one, chat(12, 'c', '2026-01-02T10:00:03.000Z'), now);
		const three = reduce(two, direct(1, 'b', '2026-01-02T10:00:02.000Z'), now);
		const four = reduce(three, direct(2, 'd', '2026-01-02T10:00:04.000Z'), now);
		expect(four.chat.map(({ text }) => text)).toEqual(['a', 'b', 'c', 'd']);
		expect(four.chat[1]).toMatchObject({ to: 'p2', toName: 'P2' });
		expect(four.chat[0]).not.toHaveProperty('to');
		expect([four.seq, four.direct]).toEqual([12, 2]);
		expect(reduce(four, direct(2, 'd', ''), now)).toBe(four);
	});

	it('tells who is in the spotlight, in the order they came there', () => {
		expect(spotlit([person('p1', { spotlight: 5 }), person('p2'), person('p3', { spotlight: 2 })]).map(({ id }) => id)).toEqual(['p3', 'p1']);
	});

	it('ignores an event that a resume repeats', () => {
		const chat = { type: 'chat', seq: 11, from: 'p1', name: 'P1', text: 'hi', at: joined.now } as const;
		const once = reduce(start(), chat, now);
		expect(reduce(once, chat, now)).toBe(once);
		expect(once.chat).toEqual([{ from: 'p1', name: 'P1', text: 'hi', at: joined.now }]);
	});

	it('does not change the state it was given', () => {
		const state = Object.freeze(start());
		const copy = structuredClone(state);
		reduce(state, { type: 'roster', seq: 11, changed: [person('p9')], left: ['p1'] }, now);
		expect(state).toEqual(copy);
	});

	it('replaces recording, room, seats and floor', () => {
		let state = reduce(start(), { type: 'recording', seq: 11, on: true, id: 'r', started_at: joined.now, by: 'Ann' }, now);
		state = reduce(state, { type: 'recording', seq: 12, on: false, notice: 'The disk is full.' }, now);
		expect(state.recording).toStrictEqual({ on: false, notice: 'The disk is full.' });
		state = reduce(state, { type: 'room', seq: 13, id: '1.a', title: 'Plans', ends_at: '2026-01-02T12:00:00.000Z', locked: false, lobby: false, recording_policy: 'manual', audience_may: ['chat', 'hand', 'reaction'] }, now);
		expect(state.room).toStrictEqual({ id: '1.a', title: 'Plans', ends_at: '2026-01-02T12:00:00.000Z', locked: false, lobby: false, recording_policy: 'manual', audience_may: ['chat', 'hand', 'reaction'] });
		state = reduce(state, { type: 'floor', participants: ['p1'] }, now);
		state = reduce(state, { type: 'seats', epoch: 1, seats: [{ seat: 0, video: false }] }, now);
		expect([state.floor, state.seats, state.seq]).toEqual([['p1'], [{ seat: 0, video: false }], 13]);
	});

	it('keeps announcements, which have no number, and no more than a bound of them', () => {
		const say = (state: ReturnType<typeof start>, text: string) =>
			reduce(state, { type: 'announcement', from: 'anna', text, at: joined.now, private: false }, now);
		let state = say(say(start(), 'one'), 'one');
		expect(state.announcements).toStrictEqual([1, 2].map(() => ({ from: 'anna', text: 'one', at: joined.now, private: false })));
		expect(state.seq).toBe(start().seq);
		for (let n = 0; n < ANNOUNCEMENT_LIMIT; n++) state = say(state, String(n));
		expect(state.announcements.map(({ text }) => text)).toStrictEqual(Array.from({ length: ANNOUNCEMENT_LIMIT }, (_, n) => String(n)));
	});

	it('takes the own role from the own row alone', () => {
		const guest = { ...start(), role: 'speaker' as const };
		expect(reduce(guest, { type: 'roster', seq: 11, changed: [person('p1', { role: 'host' })], left: [] }, now).role).toBe('speaker');
		expect(reduce(guest, { type: 'roster', seq: 11, changed: [person('p2', { role: 'host' })], left: [] }, now).role).toBe('host');
	});

	it('shows the lobby to hosts, and forgets it with the role and on a resume', () => {
		const row = { id: 'p9', name: 'Cy', role: 'speaker', reason: 'lobby', since: '', connected: true } as const;
		const told = reduce(start(), { type: 'lobby', waiting: [row] }, now);
		expect(told.lobby).toEqual([row]);
		expect(reduce(told, { type: 'roster', seq: 11, changed: [person('p1')], left: [] }, now).lobby).toEqual([row]);
		expect(reduce(told, { type: 'roster', seq: 11, changed: [person('p2', { role: 'speaker' })], left: [] }, now).lobby).toEqual([]);
		expect(reduce(told, { type: 'resumed', now: joined.now }, now).lobby).toEqual([]);
	});

	it('lists hands in the order they went up', () => {
		const people = [person('p1', { hand: 9 }), person('p2'), person('p3', { hand: 4 })];
		expect(handsUp(people).map(({ id }) => id)).toEqual(['p3', 'p1']);
	});

	it('starts over with a new join', () => {
		const state = reduce(start(), { type: 'roster', seq: 400, changed: [person('p9')], left: [] }, now);
		expect(reduce(state, { type: 'joined', ...joined, seq: 3 }, now).seq).toBe(3);
	});

	it('keeps a bounded chat', () => {
		let state = start();
		for (let n = 1; n <= CHAT_LIMIT + 5; n++) state = reduce(state, { type: 'chat', seq: 10 + n, from: 'p1', name: 'P1', text: String(n), at: '' }, now);
		expect(state.chat).toHaveLength(CHAT_LIMIT);
		expect(state.chat.at(-1)?.text).toBe(String(CHAT_LIMIT + 5));
	});
});

describe('mergeRoster', () => {
	it('drops a row that changed and left in one message', () => {
		expect(mergeRoster([], [person('p1')], ['p1'])).toEqual([]);
	});
});

describe('isHeard', () => {
	it.each([
		[[], false],
		[[{ source: 'microphone', muted: true } as const], false],
		[[{ source: 'microphone', muted: false } as const], true],
	])('with %j is %s', (sources, want) => {
		expect(isHeard(person('p1', { sources }))).toBe(want);
	});
});

describe('waitingOf', () => {
	it('reads what a page in the lobby may know', () => {
		const room = { id: 'r', title: 'Plans', ends_at: '2026-01-02T11:00:00.000Z' };
		const message = { resume_token: 't', name: 'Ann', reason: 'sent_back', room, offer_wanted: true, host_present: true, now: joined.now } as const;
		expect(waitingOf(message, now)).toStrictEqual({
			reason: 'sent_back',
			name: 'Ann',
			title: 'Plans',
			endsAt: Date.parse(room.ends_at),
			hostPresent: true,
			clockOffsetMs: 5000,
		});
		expect(waitingOf({ ...message, room: { ...room, ends_at: 'late' } }, now).endsAt).toBe(0);
	});
});

describe('runsOver', () => {
	it.each([
		[undefined, '2026-01-02T11:05:00.000Z', false],
		['2026-01-02T11:10:00.000Z', '2026-01-02T11:05:00.000Z', true],
		['2026-01-02T11:10:00.000Z', '2026-01-02T11:09:54.000Z', true],
		['2026-01-02T11:10:00.000Z', '2026-01-02T11:09:55.000Z', false], // the server is 5 s ahead
	])('until %s, at %s: %s', (closes_at, at, want) => {
		const meeting = start();
		const room = closes_at === undefined ? meeting.room : { ...meeting.room, closes_at };
		expect(runsOver({ ...meeting, room }, Date.parse(at))).toBe(want);
	});

	it('is false without a meeting', () => {
		expect(runsOver(undefined, 0)).toBe(false);
	});
});
