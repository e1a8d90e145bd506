import { describe, expect, it } from 'vitest';
import { decodeLobby, hostTokenOf, mostSeatsOf, roomOf, socketUrl, tokenOf } from './rooms';

const answer = {
	id: '1.a',
	title: 'Planning',
	host: 'ann',
	starts_at: '2026-01-02T10:00:00.000Z',
	ends_at: '2026-01-02T11:00:00.000Z',
	now: '2026-01-02T10:00:01.000Z',
	participants: ['Ann', 3],
	count: 2,
	recording: true,
	has_passcode: true,
	lobby: true,
	recording_policy: 'automatic',
	video_codecs: ['vp9', 'h266', 'vp8'],
};

describe('decodeLobby', () => {
	it('reads the facts', () => {
		const lobby = decodeLobby(answer, Date.parse('2026-01-02T10:00:00.000Z'));
		expect(lobby).toMatchObject({ title: 'Planning', host: 'ann', participants: ['Ann'], count: 2, recording: true, clockOffsetMs: 1000, hasPasscode: true, waits: true, recordingPolicy: 'automatic', videoCodecs: ['vp8', 'vp9'] });
		expect((lobby?.endsAt ?? 0) - (lobby?.startsAt ?? 0)).toBe(3_600_000);
	});

	it('does without what it can do without', () => {
		const { id, title, starts_at, ends_at } = answer;
		const rest = { id, title, starts_at, ends_at };
		expect(decodeLobby(rest, 0)).toMatchObject({ host: '', participants: [], count: 0, clockOffsetMs: 0, hasPasscode: false, waits: false, recordingPolicy: 'manual', videoCodecs: undefined });
	});

	it.each([null, 'text', {}, { ...answer, ends_at: 'soon' }, { ...answer, id: 3 }])('refuses %j', (value) => {
		expect(decodeLobby(value, 0)).toBeUndefined();
	});
});

describe('addresses', () => {
	it.each([['?seats=4', 4], ['?seats=400', 49], ['?seats=0', undefined], ['?seats=x', undefined], ['', undefined]] as const)('reads the most seats of %s', (search, want) => {
		expect(mostSeatsOf(search)).toBe(want);
	});

	it.each([
		['/meeting/1.0b3c/', '1.0b3c'],
		['/meeting/1.0b3c', '1.0b3c'],
		['/meeting/a%20b/', 'a b'],
		['/meeting/', undefined],
		['/meeting/a/b/', undefined],
		['/meeting/%/', undefined],
	])('of path %s the room is %s', (path, want) => {
		expect(roomOf(path)).toBe(want);
	});

	it.each([
		['#host=abc-_1', 'abc-_1'],
		['#x=1&host=abc', 'abc'],
		['#host=', undefined],
		['', undefined],
	])('of fragment %j the host token is %s', (hash, want) => {
		expect(hostTokenOf(hash)).toBe(want);
	});

	it.each([
		['#join=abc', 'abc'],
		['#host=abc', 'abc'],
		['#host=abc&join=def', 'def'],
		['#join=&host=abc', 'abc'],
		['#join=', undefined],
	])('of fragment %j the token is %s', (hash, want) => {
		expect(tokenOf(hash)).toBe(want);
	});

	it('keep the scheme secure', () => {
		expect(socketUrl('1.a', 'https://x:1')).toBe('wss://x:1/api/v1/rooms/1.a/ws');
		expect(socketUrl('1 a', 'http://x')).toBe('ws://x/api/v1/rooms/1%20a/ws');
	});
});
