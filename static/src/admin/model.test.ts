import { describe, expect, it } from 'vitest';
import { ApiError, failureOf, parse, retryAfter } from './api';
import * as model from './model';
import { list, localPath, oneOf, ShapeError, text } from './shape';

const room = {
	id: '1.7f3c',
	title: 'Weekly',
	description: 'Weekly',
	creator: { id: 1, name: 'admin' },
	start: '2026-11-22T09:00:00.000Z',
	end: '2026-11-22T10:00:00.000Z',
	duration: 60,
	timezone: 'Europe/Berlin',
	meeting_url: '/meeting/1.7f3c/',
	host_url: '/meeting/1.7f3c/#host=abc',
	participants: 3,
	recording: true,
};

const track = {
	id: 't1',
	participant: 'p1',
	source: 'microphone',
	codec: 'opus',
	path: 'p01-microphone-01.webm',
	start_us: 1,
	duration_us: 2,
	bytes: 3,
	sha256: 'ab',
	state: 'final',
	width: 0,
	height: 0,
	gaps: [{ from_us: 1, to_us: 2, reason: 'mute' }],
	stats: { packets: 1, lost: 0, frames: 1, dropped_frames: 0, keyframe_requests: 0 },
};

const recording = {
	version: 1,
	id: '01J',
	room: '1.7f3c',
	title: 'Weekly',
	creator_id: 1,
	state: 'ready',
	started_by: 'p1',
	stop_reason: 'host',
	t0_utc: '2026-11-22T06:20:00.123456Z',
	duration_us: 10,
	participants: [{ id: 'p1', name: 'Ann', sessions: [{ join_us: 0, leave_us: 10 }] }],
	tracks: [track],
};

describe('what the server sends', () => {
	it('becomes a room with times in milliseconds, and loses what nobody asked for', () => {
		const parsed = model.room({ ...room, secret: 'x' }, 'room');
		expect(parsed.start).toBe(Date.UTC(2026, 10, 22, 9));
		expect(parsed).not.toHaveProperty('secret');
	});

	it('may have null for a list without entries, as Go writes it', () => {
		expect(model.roomPage({ rooms: null, next: '' }, 'page')).toEqual({ rooms: [], next: '' });
		expect(model.recording({ ...recording, tracks: null, participants: null }, 'r').tracks).toEqual([]);
	});

	it('becomes a recording whole', () => {
		const parsed = model.recording(recording, 'recording');
		expect(parsed.tracks).toEqual([track]);
		expect(parsed.t0_utc).toBe(Date.parse('2026-11-22T06:20:00.123Z'));
	});

	it('may name a source and a reason this page is too old for', () => {
		const newer = { ...track, source: 'slides', gaps: [{ from_us: 0, to_us: 1, reason: 'moon' }] };
		const [parsed] = model.recording({ ...recording, tracks: [newer] }, 'recording').tracks;
		expect(parsed?.source).toBe('other');
		expect(parsed?.gaps[0]?.reason).toBe('other');
	});

	it('may leave out where an attendant calls from', () => {
		const sent = { attendants: [{ channel_name: 'a!b', user: '', details: { my_id: 'bob' }, connected_at: '2026-11-22T09:00:00Z' }] };
		expect(model.attendants(sent, 'a').attendants[0]).toMatchObject({ ip: '', port: 0, details: { my_id: 'bob' } });
	});

	it.each([
		['a missing field', { ...room, id: undefined }, /room\.id: want a string, have undefined/],
		['a number as text', { ...room, duration: '60' }, /room\.duration: want a number, have string/],
		['no time', { ...room, end: 'soon' }, /room\.end: want a time/],
		['no object', [room], /room: want an object/],
		['a link elsewhere', { ...room, host_url: '//evil.example/x' }, /room\.host_url: want a path/],
		['a link that runs', { ...room, meeting_url: 'javascript:alert(1)' }, /room\.meeting_url: want a path/],
	])('is refused with %s', (_, sent, message) => {
		expect(() => model.room(sent, 'room')).toThrow(message);
	});
});

describe('shapes', () => {
	it('name the place in a list', () => {
		expect(() => list(text)(['a', 1], 'names')).toThrow(new ShapeError('names[1]: want a string, have number'));
	});

	it('hold a word to its list, unless there is a fallback', () => {
		expect(() => oneOf(['a', 'b'])('c', 'at')).toThrow('at: want a or b, have string');
		expect(oneOf(['a', 'b'], 'a')('c', 'at')).toBe('a');
	});

	it.each(['/meeting/x/', '/'])('take %s as a path', (path) => {
		expect(localPath(path, 'at')).toBe(path);
	});

	it.each(['//x', '/\\x', 'x', '', 'https://x/', ' /x'])('refuse %j as a path', (path) => {
		expect(() => localPath(path, 'at')).toThrow(ShapeError);
	});
});

describe('failures', () => {
	it('keep what they are', () => {
		expect(failureOf(new ApiError({ kind: 'unreachable' }))).toEqual({ kind: 'unreachable' });
		expect(failureOf(new Error('odd'))).toEqual({ kind: 'malformed', what: 'odd' });
	});

	it('say where an answer differs', () => {
		expect(() => parse({ rooms: 3 }, model.roomPage)).toThrow(ApiError);
		try {
			parse({ rooms: 3 }, model.roomPage);
		} catch (error) {
			expect(failureOf(error)).toEqual({ kind: 'malformed', what: 'body.rooms: want a list, have number' });
		}
	});

	it.each([
		['45', 45],
		[null, 0],
		['Wed, 21 Oct 2026 07:28:00 GMT', 0],
		['-1', 0],
	])('read Retry-After %j as %d seconds', (header, seconds) => {
		expect(retryAfter(header)).toBe(seconds);
	});
});
