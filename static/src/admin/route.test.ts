import { describe, expect, it } from 'vitest';
import { hrefOf, matches, parseRoute } from './route';
import type { Route } from './route';

describe('routes', () => {
	it.each<[string, Route]>([
		['/admin/rooms', { page: 'rooms', state: 'open', search: '' }],
		['/admin/rooms?state=ended&q=ann+%26+bo', { page: 'rooms', state: 'ended', search: 'ann & bo' }],
		['/admin/recordings', { page: 'recordings', room: '', search: '' }],
		['/admin/recordings?room=1.7f3c&q=x', { page: 'recordings', room: '1.7f3c', search: 'x' }],
		['/admin/recordings/01J%2F..', { page: 'recording', id: '01J/..' }],
		['/admin/attendants?q=bob', { page: 'attendants', search: 'bob' }],
	])('%s is a place and back', (href, route) => {
		const url = new URL(href, 'http://h');
		expect(parseRoute(url.pathname, url.search)).toEqual(route);
		expect(hrefOf(route)).toBe(href);
	});

	it.each(['/admin', '/admin/', '/admin/rooms/'])('%s shows the rooms', (path) => {
		expect(parseRoute(path, '?state=nonsense')).toEqual({ page: 'rooms', state: 'open', search: '' });
	});

	it.each(['/admin/nowhere', '/admin/rooms/1', '/admin/recordings/a/b', '/admin/recordings/%', '/other'])('%s is nowhere', (path) => {
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
