import { describe, expect, it } from 'vitest';
import { addressOf, nameOf } from './attendants';
import { nextDelay, settle } from './poll';
import { inOrder, phaseOf } from './phase';
import type { Room } from './model';
import { failureWords, logInWords, namesWords, peopleWords, sentence } from './words';

describe('words', () => {
	it('never show a code', () => {
		const statuses = [400, 403, 404, 409, 500, 502];
		const words = statuses.map((status) => failureWords({ kind: 'refused', status, title: '', detail: '' }));
		for (const text of words) expect(text).toMatch(/^[A-Z][^0-9]+\.$/);
	});

	it('hand on what the server says is wrong with a request', () => {
		const failure = { kind: 'refused', status: 400, title: 'Bad Request', detail: 'the time zone is not known' } as const;
		expect(failureWords(failure)).toBe('The time zone is not known.');
	});

	it('tell a wrong password from too many', () => {
		expect(logInWords({ kind: 'refused', status: 401, title: '', detail: '' })).toBe('Wrong username or password.');
		expect(logInWords({ kind: 'throttled', seconds: 45 })).toBe('Too many wrong passwords. Try again in 45 seconds.');
		expect(logInWords({ kind: 'throttled', seconds: 100 })).toBe('Too many wrong passwords. Try again in 2 minutes.');
		expect(logInWords({ kind: 'throttled', seconds: 0 })).toBe('Too many wrong passwords. Wait a minute, then try again.');
	});

	it('count people and names', () => {
		expect([0, 1, 2].map(peopleWords)).toEqual(['nobody', '1 person', '2 people']);
		expect(namesWords([])).toBe('Nobody');
		expect(namesWords(['Ann'])).toBe('Ann');
		expect(namesWords(['Ann', 'Bo', 'Cy'])).toBe('Ann, Bo and Cy');
		expect(namesWords(['Ann', 'Bo', 'Cy', 'Di', 'Ed'])).toBe('Ann, Bo, Cy and 2 more');
	});

	it('make sentences', () => {
		expect(sentence(' not now ')).toBe('Not now.');
		expect(sentence('Why?')).toBe('Why?');
	});
});

describe('rooms', () => {
	const room = (id: string, start: number, end: number, participants = 0): Room => ({
		id,
		title: id,
		description: '',
		creator: { id: 1, name: 'admin' },
		start,
		end,
		duration: 1,
		timezone: 'UTC',
		capacity: 0,
		cancelled: false,
		has_passcode: false,
		lobby: false,
		recording_policy: 'manual',
		guest_role: 'speaker',
		audience_may: [],
		meeting_url: '/',
		host_url: '/',
		participants,
		recording: false,
	});

	it('are open from their start until before their end', () => {
		expect([9, 10, 19, 20].map((now) => phaseOf({ start: 10, end: 20 }, now))).toEqual(['upcoming', 'open', 'open', 'ended']);
	});

	it('come with those that matter now first', () => {
		const rooms = [room('later', 90, 99), room('soon', 60, 99), room('empty', 40, 99), room('busy', 10, 99, 2), room('over', 2, 5), room('just over', 1, 45)];
		expect(inOrder(rooms, 50).map(({ id }) => id)).toEqual(['busy', 'empty', 'soon', 'later', 'over', 'just over']);
	});
});

describe('attendants', () => {
	it('are called what they say, never nothing', () => {
		expect(nameOf({ user: 'maria', details: { my_id: 'bob' } })).toBe('maria');
		expect(nameOf({ user: '', details: { my_id: 'bob' } })).toBe('bob');
		expect(nameOf({ user: '', details: { my_id: '', floor: '3' } })).toBe('Anonymous');
	});

	it('have an address that can be read', () => {
		expect(addressOf({ ip: '192.0.2.7', port: 5 })).toBe('192.0.2.7:5');
		expect(addressOf({ ip: '2001:db8::7', port: 5 })).toBe('[2001:db8::7]:5');
		expect(addressOf({ ip: '', port: 0 })).toBe('Not known');
	});
});

describe('polling', () => {
	it('slows down while calls fail, to half a minute', () => {
		expect([0, 1, 2, 9].map((failures) => nextDelay(4000, failures))).toEqual([4000, 8000, 16_000, 30_000]);
		expect(nextDelay(60_000, 3)).toBe(60_000);
	});

	it('keeps the old value while nothing changes', () => {
		const old = { a: [1, 2] };
		expect(settle(old, { a: [1, 2] })).toBe(old);
		expect(settle(old, { a: [1, 3] })).toEqual({ a: [1, 3] });
		expect(settle(null, old)).toBe(old);
	});
});
