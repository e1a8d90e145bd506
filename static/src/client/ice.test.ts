import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createIceServers, decodeIceServers } from './ice';

const turn = { urls: 'turn:a.example:3478?transport=udp', username: 'u', credential: 'c' };

describe('decodeIceServers', () => {
	it('keeps what browsers take', () => {
		expect(decodeIceServers([{ urls: 'stun:a.example' }, turn, { ...turn, urls: 'turns:a.example' }])).toEqual([
			{ urls: 'stun:a.example' },
			turn,
			{ ...turn, urls: 'turns:a.example' },
		]);
	});

	it.each([undefined, {}, 'turn:a', [null], [{ urls: 7 }], [{ urls: 'http://a' }], [{ urls: 'stun:' }], [{ urls: 'turn:a' }], [{ ...turn, credential: 1 }]])('leaves out %j', (value) => {
		expect(decodeIceServers(value)).toEqual([]);
	});
});

describe('createIceServers', () => {
	const ended = new AbortController();
	beforeEach(() => {
		vi.useFakeTimers();
	});
	afterEach(() => {
		vi.useRealTimers();
		vi.unstubAllGlobals();
	});

	it('asks at once and again before the credentials end', async () => {
		const asked: string[] = [];
		vi.stubGlobal('fetch', (path: string) => {
			asked.push(path);
			return Promise.resolve(Response.json([{ ...turn, credential: `c${asked.length}` }]));
		});
		const onRenewed = vi.fn();
		const ice = createIceServers({ room: '1.a b', onRenewed, signal: ended.signal });
		expect(asked).toEqual(['/meeting/1.a%20b/ice']);
		await expect(ice.get()).resolves.toEqual([{ ...turn, credential: 'c1' }]);
		await vi.advanceTimersByTimeAsync(20 * 60_000);
		expect(onRenewed).toHaveBeenCalledWith([{ ...turn, credential: 'c2' }]);
	});

	it('does not keep anybody waiting', async () => {
		vi.stubGlobal('fetch', () => new Promise(() => undefined));
		const got = createIceServers({ room: 'a', onRenewed: () => undefined, signal: ended.signal }).get();
		await vi.advanceTimersByTimeAsync(1000);
		await expect(got).resolves.toEqual([]);
	});
});
