import { afterEach, describe, expect, it, vi } from 'vitest';
import { deleteRecording, downloadUrl, failureOf, listPeople, listRooms, logIn, push, whoAmI } from './api';
import type { Failure } from './api';
import { answerWaiter, listWaiting, moderate } from './live_api';
import { failureWords } from './words';

type Answer = { status: number; body?: unknown; headers?: Record<string, string> };

/** Puts answers in the place of the network, and returns what was asked. */
function answer(...answers: Answer[]): { url: string; init: RequestInit }[] {
	const asked: { url: string; init: RequestInit }[] = [];
	vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
		asked.push({ url, init });
		const next = answers.shift();
		if (next === undefined) return Promise.reject(new TypeError('no network'));
		const body = next.body === undefined ? null : JSON.stringify(next.body);
		return Promise.resolve(new Response(body, { status: next.status, headers: next.headers ?? {} }));
	});
	return asked;
}

async function failure(work: Promise<unknown>): Promise<Failure | null> {
	return work.then(
		() => null,
		(error: unknown) => failureOf(error),
	);
}

const signal = () => new AbortController().signal;
const admin = { user: { id: 1, name: 'admin', role: 'admin' } };

afterEach(() => vi.unstubAllGlobals());

describe('the session', () => {
	it('is null when nobody is logged in', async () => {
		answer({ status: 401, body: {} });
		expect(await whoAmI(signal())).toBeNull();
	});

	it('begins with a name and a password', async () => {
		const asked = answer({ status: 200, body: admin });
		expect(await logIn('admin', 'pass', signal())).toEqual(admin.user);
		expect(asked[0]).toMatchObject({ url: '/api/v1/session', init: { method: 'POST', body: '{"username":"admin","password":"pass"}' } });
	});

	it('does not take a wrong password for a session that ran out', async () => {
		answer({ status: 401, body: { title: 'Unauthorized' } });
		expect(await failure(logIn('admin', 'x', signal()))).toMatchObject({ kind: 'refused', status: 401 });
	});

	it('says for how long it is throttled', async () => {
		answer({ status: 429, body: {}, headers: { 'Retry-After': '30' } });
		expect(await failure(logIn('admin', 'x', signal()))).toEqual({ kind: 'throttled', seconds: 30 });
	});
});

describe('calls', () => {
	it('ask for the next page with its cursor', async () => {
		const asked = answer({ status: 200, body: { rooms: [], next: '' } });
		await listRooms({ state: 'ended', after: 'a b&c' }, signal());
		expect(asked[0]?.url).toBe('/api/v1/rooms?state=ended&after=a+b%26c');
	});

	it('keep ids inside their part of the path', async () => {
		const asked = answer({ status: 200, body: { participants: [] } });
		await listPeople('../session', signal());
		expect(asked[0]?.url).toBe('/api/v1/rooms/..%2Fsession/participants');
		expect(downloadUrl('01J', 'a/b?.webm')).toBe('/api/v1/recordings/01J/files/a%2Fb%3F.webm?download=1');
	});

	it('tell a session that ran out from a refusal', async () => {
		answer({ status: 401, body: {} }, { status: 409, body: { title: 'Conflict', detail: 'the recording is still running' } });
		expect(await failure(listPeople('r', signal()))).toEqual({ kind: 'expired' });
		expect(await failure(deleteRecording('r', signal()))).toEqual({
			kind: 'refused',
			status: 409,
			title: 'Conflict',
			detail: 'the recording is still running',
		});
	});

	it('say so when nobody answers, or nonsense comes', async () => {
		answer();
		expect(await failure(listPeople('r', signal()))).toEqual({ kind: 'unreachable' });
		answer({ status: 200, body: 'hello' });
		expect(await failure(listPeople('r', signal()))).toMatchObject({ kind: 'malformed' });
		answer({ status: 502, headers: { 'Content-Type': 'text/html' } });
		expect(await failure(listPeople('r', signal()))).toEqual({ kind: 'refused', status: 502, title: '', detail: '' });
	});

	it('are not made once their page has gone', async () => {
		const asked = answer({ status: 200, body: admin });
		await expect(whoAmI(AbortSignal.abort())).rejects.toThrow();
		expect(asked).toEqual([]);
	});

	it('tell whether a message arrived', async () => {
		answer({ status: 200, body: { delivered: true } }, { status: 404, body: {} });
		expect(await push('a!b', 'hey', signal())).toBe(true);
		expect(await push('a!b', 'hey', signal())).toBe(false);
	});
});

describe('the lobby', () => {
	it('is read in order, with reasons of newer servers taken for the plain one', async () => {
		const asked = answer({ status: 200, body: { waiting: [{ id: 'p2', name: 'Bo', role: 'speaker', reason: 'sent_back', since: '2026-11-22T10:00:00Z', connected: false }, { id: 'p1', name: 'Cy', role: 'audience', reason: 'new', since: '2026-11-22T09:00:00Z', connected: true }] } });
		expect((await listWaiting('r/1', signal())).map(({ id, reason, connected }) => [id, reason, connected])).toEqual([['p2', 'sent_back', false], ['p1', 'lobby', true]]);
		expect(asked[0]?.url).toBe('/api/v1/rooms/r%2F1/waiting');
	});

	it('is told who gets in, and says why not in its own words', async () => {
		const asked = answer({ status: 204 }, { status: 409, body: { title: 'Conflict', detail: 'the room is full' } });
		await answerWaiter('r', '../p1', 'deny', signal());
		expect(asked[0]).toMatchObject({ url: '/api/v1/rooms/r/waiting/..%2Fp1', init: { method: 'POST', body: '{"action":"deny"}' } });
		const full = await failure(answerWaiter('r', 'p1', 'admit', signal()));
		expect(full === null ? '' : failureWords(full)).toBe('The room is full.');
	});

	it('takes somebody back without an answer about them', async () => {
		answer({ status: 204 });
		await expect(moderate('r', 'p1', 'send_to_lobby', signal())).resolves.toBeUndefined();
	});
});
