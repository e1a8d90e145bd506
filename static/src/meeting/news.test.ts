import { describe, expect, it } from 'vitest';
import type { Meeting, Participant } from '../client';
import { createWords } from '../words';
import { en } from '../words/en';
import { newsBetween, newsOf, reminderBetween } from './news';

const t = createWords('en', en);
const person = (id: string, name = id): Participant => ({ id, number: 1, name, role: 'speaker', sources: [], connected: true, joined_at: '' });
const base: Meeting = {
	self: 'me',
	role: 'speaker',
	room: { id: 'r', title: '', ends_at: '2026-01-02T11:00:00Z', locked: false, lobby: false, recording_policy: 'manual', audience_may: ['chat', 'hand', 'reaction'] },
	participants: [person('me'), person('a', 'Ann')],
	recording: { on: false },
	chat: [],
	lobby: [],
	announcements: [],
	seats: [],
	floor: [],
	direct: 0, files: undefined, seq: 1,
	clockOffsetMs: 0,
};
const note = { from: 'anna', text: 'Back at noon.', at: '2026-01-02T10:00:00.000Z', private: false };
const texts = (after: Partial<Meeting>, before: Partial<Meeting> = {}) => newsBetween(t, { ...base, ...before }, { ...base, ...after }).map(({ text }) => text);

describe('newsBetween', () => {
	it.each([
		['nothing', {}, {}, []],
		['coming', { participants: [...base.participants, person('b', 'Bo')] }, {}, ['Bo joined.']],
		['leaving', { participants: [person('me')] }, {}, ['Ann left.']],
		['a start', { recording: { on: true, by: 'Ann' } }, {}, ['Ann started recording this meeting.']],
		['a pause', { recording: { on: true, paused: true, paused_by: 'Ann' } }, { recording: { on: true } }, ['Ann paused the recording.']],
		['its end', { recording: { on: true, paused_by: 'Bo' } }, { recording: { on: true, paused: true, paused_by: 'Ann' } }, ['Bo resumed the recording.']],
		['a stop in a pause', { recording: { on: false, by: 'Ann' } }, { recording: { on: true, paused: true, paused_by: 'Ann' } }, ['Ann stopped the recording.']],
		['a stop', { recording: { on: false, by: 'Ann' } }, { recording: { on: true } }, ['Ann stopped the recording.']],
		['a stop by itself', { recording: { on: false, notice: 'x', notice_code: 'disk_full' } }, { recording: { on: true } }, ['Recording stopped: the server’s disk is full.']],
		['a stop for a reason of a newer server', { recording: { on: false, notice: 'x' } }, { recording: { on: true } }, ['Recording stopped because of a problem on the server.']],
		['more time', { room: { ...base.room, ends_at: '2026-01-02T11:30:00Z', locked: false } }, {}, ['The meeting goes on 30 min longer.']],
		['less time', { room: { ...base.room, ends_at: '2026-01-02T10:45:00Z', locked: false } }, {}, ['The meeting ends 15 min earlier.']],
		['a few seconds more', { room: { ...base.room, ends_at: '2026-01-02T11:00:40Z', locked: false } }, {}, []],
		['an end that is no time', { room: { ...base.room, ends_at: '', locked: false } }, {}, []],
		['a lock', { room: { ...base.room, locked: true } }, {}, ['The meeting is locked. Nobody new can join.']],
		['an open lock', {}, { room: { ...base.room, locked: true } }, ['The meeting is unlocked. Whoever has the link can join.']],
		['a hand, to hosts', { role: 'host', participants: [person('me'), { ...person('a', 'Ann'), hand: 4 }] }, {}, ['Ann raised a hand.']],
		['a hand, not to guests', { participants: [person('me'), { ...person('a', 'Ann'), hand: 4 }] }, {}, []],
		['an announcement', { announcements: [note] }, {}, ['anna to everybody: Back at noon.']],
		['an announcement to this page alone', { announcements: [note, { ...note, private: true }] }, { announcements: [note] }, ['anna to you: Back at noon.']],
		['an announcement it knew', { announcements: [note] }, { announcements: [note] }, []],
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
		[600_500, 599_500, 'The meeting ends in 10 min.'],
		[300_500, 299_500, 'The meeting ends in 5 min.'],
		[299_500, 298_500, undefined],
		[60_500, 59_500, 'The meeting ends in 1 min.'],
		[400_000, 30_000, 'The meeting ends in 1 min.'],
		[1_000, -1, undefined],
	])('from %i to %i', (before, now, want) => {
		expect(reminderBetween(t, before, now)?.text).toBe(want);
	});
});

describe('newsOf', () => {
	it.each([
		[{ kind: 'share_failed', reason: 'cancelled' }, undefined],
		[{ kind: 'error', code: 'record_failed', message: 'The disk is full.', about: 'record' }, 'The recording did not start.'],
		[{ kind: 'error', code: 'not_here', message: '', about: 'chat' }, 'Your message was not sent.'],
		[{ kind: 'error', code: 'bad_message', message: 'Too long.', about: 'chat' }, 'Your message was not sent. Too long.'],
		[{ kind: 'moderated', action: 'mute', by: 'Ann' }, 'Ann muted your microphone. Unmute it when you want to speak.'],
		[{ kind: 'moderated', action: 'stop_camera', by: 'Ann' }, 'Ann turned off your camera.'],
		[{ kind: 'moderated', action: 'ask_to_unmute', by: 'Ann' }, 'Ann asks you to unmute.'],
		[{ kind: 'moderated', action: 'set_role', by: 'Ann', role: 'audience' }, 'Ann made you audience. You see and hear, without microphone and camera.'],
		[{ kind: 'moderated', action: 'set_role', by: 'Ann', role: 'speaker' }, 'Ann made you a speaker. You can turn on microphone and camera.'],
		[{ kind: 'moderated', action: 'set_role', by: 'Ann', role: 'host' }, 'Ann made you a host.'],
		[{ kind: 'moderated', action: 'hand_over', by: 'Ann', role: 'host' }, 'Ann handed the meeting over to you. You are its host now.'],
		[{ kind: 'moderated', action: 'send_to_lobby', by: 'Ann' }, 'Ann sent you back to the lobby.'],
		[{ kind: 'error', code: 'not_here', message: '', about: 'moderate' }, 'They have left the meeting.'],
		[{ kind: 'error', code: 'too_long', message: 'A meeting can last 24 hours at most.', about: 'extend' }, 'A meeting can last 24 hours at most.'],
		[{ kind: 'error', code: 'forbidden', message: '', about: 'end' }, 'Only a host may do that.'],
	] as const)('%j', (event, want) => {
		expect(newsOf(t, event, () => undefined)?.text).toBe(want);
	});
});
