import { describe, expect, it } from 'vitest';
import { eventWords, leftWords, minutesWords, totals } from './attendance_words';
import { actionWords, actorWords } from './audit_words';
import { dayBegin } from './audit';
import { deliveryReason, deliveryState } from './delivery_words';
import { jobWords, playable } from './derived_words';
import type { RoomEvent, Visit } from './live_api';
import * as model from './model';
import { blankPush, parsePush } from './push_form';
import { deliveryWords } from './push_words';
import { fits } from './recordings';
import { guestWords, wayIn } from './room_page';
import { RECORDINGS } from './route';
import { scopeWords } from './tokens';
import type { Delivery } from './webhook_api';
import { urlError } from './webhook_form';
import { hearsWords, webhookName } from './webhooks';

const visit = (minutes: number, left: number): Visit => ({ id: String(minutes), name: 'Ann', user: '', role: '', joined: 0, media_up: 0, left, reason: left === 0 ? '' : 'lost', minutes, interruptions: 0, away_seconds: 0 });

describe('attendance', () => {
	it('adds up by person, so that being there twice at once counts once', () => {
		const people = [{ name: 'Ann', user: '', role: '', first_joined: 0, last_left: 0, minutes: 12, visits: ['10', '5'] }];
		expect(totals({ timezone: 'UTC', generated_at: 0, people, visits: [visit(10, 1), visit(5, 0)] })).toEqual({ people: 1, visits: 2, minutes: 12, there: 1 });
	});

	it('says minutes and ends in words', () => {
		expect([0, 0.2, 59.4, 60, 125].map(minutesWords)).toEqual(['0 min', 'under 1 min', '59 min', '1 h', '2 h 5 min']);
		expect([leftWords(visit(1, 0)), leftWords(visit(1, 5))]).toEqual(['Still there', 'Connection lost']);
	});

	it('says what happened, also what it has no words for', () => {
		const event = (more: Partial<RoomEvent>): RoomEvent => ({ id: '', type: '', seq: 1, at: 0, name: 'Ann', role: '', by: '', reason: '', end: 0, ...more });
		expect(eventWords(event({ type: 'participant.joined', role: 'host' }))).toBe('Ann joined as host');
		expect(eventWords(event({ type: 'participant.left', reason: 'removed', by: 'Bo' }))).toBe('Ann was removed by Bo');
		expect(eventWords(event({ type: 'room.new_thing' }))).toBe('room new thing');
	});
});

describe('the audit log', () => {
	it('has words for actions and actors, also for new ones', () => {
		expect(['createRoom', 'meeting.mute_all', 'renewTheThing', 'constructor'].map(actionWords)).toEqual(['Reserved a room', 'In a meeting: mute all', 'Renew the thing', 'Constructor']);
		expect(actorWords({ kind: 'token', id: '1', name: 'maria' })).toBe('A program of maria');
		expect(actorWords({ kind: 'nobody', id: '', name: '' })).toBe('Nobody logged in');
	});

	it('takes whole days of the viewer', () => {
		expect(dayBegin('2026-10-25', 0, 'Europe/Berlin')).toBe('2026-10-24T22:00:00.000Z');
		expect(dayBegin('2026-10-25', 1, 'Europe/Berlin')).toBe('2026-10-25T23:00:00.000Z');
		expect(dayBegin('soon', 0, 'UTC')).toBe('');
	});
});

describe('a push', () => {
	it.each([
		[{ ...blankPush, text: 'hi' }, 'detail'],
		[{ ...blankPush, kind: 'room', text: 'hi' }, 'room'],
		[{ ...blankPush, kind: 'all', text: ' ' }, 'message'],
		[{ ...blankPush, kind: 'all', text: '{"a":' }, 'JSON'],
	] as const)('row %#: says what is missing', (form, word) => {
		const parsed = parsePush(form);
		expect(parsed.ok ? '' : parsed.problem).toContain(word);
	});

	it('sends JSON as JSON, and text as text', () => {
		expect(parsePush({ ...blankPush, value: 'bob', text: ' {"a":1}' })).toEqual({ ok: true, to: { details: { my_id: 'bob' } }, info: { a: 1 } });
		expect(parsePush({ ...blankPush, kind: 'room', room: '1', text: '{no json' })).toEqual({ ok: true, to: { room: '1' }, info: '{no json' });
	});

	it('tells what became of it', () => {
		expect(deliveryWords({ delivered: 0, queue_full: 0, gone: 0 })).toBe('Nobody was there to get it.');
		expect(deliveryWords({ delivered: 2, queue_full: 1, gone: 0 })).toBe('Delivered to 2 recipients; 1 did not read and was disconnected.');
	});
});

describe('webhooks', () => {
	const delivery: Delivery = { id: 1, event: '', type: '', room: '', state: 'pending', queued_at: 0, attempts: 2, last_at: 0, next_at: 60_000, status: 503, problem: '' };

	it('tell how a delivery stands and why', () => {
		expect(deliveryState(delivery).short).toBe('Tried again later');
		expect(deliveryReason(delivery, 0)).toBe('2 attempts. The last answer was 503. Next in 1 min.');
		expect(deliveryReason({ ...delivery, state: 'dead', problem: 'connection refused' }, 0)).toBe('2 attempts. Connection refused.');
	});

	it('have a name, and say what they hear of', () => {
		expect(webhookName({ name: ' ', url: 'https://example.org:8443/x' })).toBe('example.org:8443');
		expect(hearsWords({ events: ['room.ended'], rooms: 'own' })).toBe('1 kind of event of own rooms');
		expect([urlError('example.org'), urlError('javascript:alert(1)'), urlError('https://example.org')].map((error) => error === null)).toEqual([false, false, true]);
	});
});

describe('recordings', () => {
	const recording = model.recording({ id: '01J', room: 'r', title: 'Weekly', state: 'ready', hold: true, t0_utc: '2026-11-22T23:30:00Z', derived: [{ kind: 'voices', path: 'v', type: 'audio/webm' }, { kind: 'sheet', path: 's', type: 'image/jpeg' }, { kind: 'composite', path: 'c', type: 'video/webm' }] }, 'recording');

	it.each([
		[{}, true],
		[{ state: 'held' }, true],
		[{ state: 'failed' }, false],
		[{ from: '2026-11-23' }, true], // in Berlin it is the 23rd already
		[{ to: '2026-11-22' }, false],
		[{ search: 'monthly' }, false],
	])('row %#: fit %j is %s', (filter, wanted) => {
		expect(fits(recording, { ...RECORDINGS, ...filter }, 'Europe/Berlin')).toBe(wanted);
	});

	it('play what is of the whole meeting, the video first', () => {
		expect(playable(recording).map(({ path }) => path)).toEqual(['c', 'v']);
		expect(jobWords({ kind: 'participant', options: { participant: 'p9', screen: true, layout: '', format: '' } }, recording)).toBe('The screen of p9');
	});
});

describe('rooms and tokens', () => {
	it('say who may what', () => {
		expect(guestWords({ guest_role: 'audience', audience_may: ['chat', 'hand'], capacity: 1 })).toBe('Watch and listen; may chat and raise a hand. At most 1 person at once.');
		expect(wayIn({ has_passcode: true, lobby: true })).toBe('Link and passcode, then a host lets them in');
		expect(scopeWords(['read', 'push'])).toBe('See and push');
	});
});
