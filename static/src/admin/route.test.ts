import { describe, expect, it } from 'vitest';
import { AUDIT, hrefOf, matches, parseRoute, RECORDINGS, ROOMS } from './route';
import type { Route } from './route';

describe('routes', () => {
	it.each<[string, Route]>([
		['/admin/rooms', ROOMS],
		['/admin/rooms?state=ended&q=ann+%26+bo', { ...ROOMS, state: 'ended', search: 'ann & bo' }],
		['/admin/rooms?view=week&creator=7&date=2026-11-22', { ...ROOMS, view: 'week', creator: '7', date: '2026-11-22' }],
		['/admin/rooms/1.7f3c', { page: 'room', id: '1.7f3c', tab: 'now' }],
		['/admin/rooms/1.7f3c/attendance', { page: 'room', id: '1.7f3c', tab: 'attendance' }],
		['/admin/recordings', RECORDINGS],
		['/admin/recordings?q=x&room=1.7f3c&state=ready', { ...RECORDINGS, room: '1.7f3c', search: 'x', state: 'ready' }],
		['/admin/recordings/01J%2F..', { page: 'recording', id: '01J/..' }],
		['/admin/attendants?q=bob', { page: 'attendants', search: 'bob' }],
		['/admin/users?q=bob', { page: 'users', search: 'bob' }],
		['/admin/tokens', { page: 'tokens' }],
		['/admin/webhooks', { page: 'webhooks' }],
		['/admin/webhooks/12?state=dead', { page: 'webhook', id: 12, state: 'dead' }],
		['/admin/audit?actor=ann&action=meeting.', { ...AUDIT, actor: 'ann', action: 'meeting.' }],
	])('%s is a place and back', (href, route) => {
		const url = new URL(href, 'http://h');
		expect(parseRoute(url.pathname, url.search)).toEqual(route);
		expect(hrefOf(route)).toBe(href);
	});

	it.each(['/admin', '/admin/', '/admin/rooms/'])('%s shows the rooms', (path) => {
		expect(parseRoute(path, '?state=nonsense&view=constructor')).toEqual(ROOMS);
	});

	it.each(['/admin/nowhere', '/admin/rooms/1/nothing', '/admin/recordings/a/b', '/admin/recordings/%', '/admin/webhooks/x', '/other'])('%s is nowhere', (path) => {
		expect(parseRoute(path, '')).toEqual({ page: 'unknown' });
	});
});

describe('a search', () => {
	it('wants every word, anywhere, in any case', () => {
		expect(matches('', ['x'])).toBe(true);
		expect(matches('PLAN ann', ['Weekly planning', 'Ann'])).toBe(true);
		expect(matches('plan bob', ['Weekly planning', 'Ann'])).toBe(false);
		expect(matches('(.*', ['Weekly planning'])).toBe(false);
	});
});
