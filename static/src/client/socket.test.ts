import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClientMessage, ServerMessage } from './protocol.gen';
import { createSocket } from './socket';
import type { Link } from './socket';

/** A WebSocket whose other end is the test. */
class FakeSocket {
	onopen: (() => void) | null = null;
	onmessage: ((event: { data: string }) => void) | null = null;
	onclose: (() => void) | null = null;
	readonly sent: (ClientMessage & { id?: number })[] = [];
	closed = false;

	send(text: string): void {
		this.sent.push(JSON.parse(text) as ClientMessage);
	}

	close(): void {
		this.closed = true;
	}

	async opens(): Promise<void> {
		this.onopen?.();
		await vi.advanceTimersByTimeAsync(0);
	}

	says(message: ServerMessage): void {
		this.onmessage?.({ data: JSON.stringify(message) });
	}

	breaks(): void {
		this.onclose?.();
	}
}

const joined = (seq = 5): ServerMessage => ({
	type: 'joined',
	participant: 'p1',
	resume_token: `token${seq}`,
	role: 'speaker',
	answer: 'sdp',
	room: { id: 'r', title: '', ends_at: '', locked: false, lobby: false, recording_policy: 'manual', audience_may: ['chat', 'hand', 'reaction'] },
	roster: [],
	recording: { on: false },
	chat: [],
	seq,
	now: '',
});

function setup() {
	const sockets: FakeSocket[] = [];
	const links: Link[] = [];
	const messages: [ServerMessage, string | undefined][] = [];
	const ended = new AbortController();
	let joins = 0;
	const socket = createSocket({
		url: 'ws://test',
		join: () => Promise.resolve({ name: 'Ann', offer: `offer${++joins}`, sources: {}, view: { tiles: [] } }),
		onMessage: (message, about) => messages.push([message, about]),
		onLink: (link) => links.push(link),
		signal: ended.signal,
		open: () => {
			const fake = new FakeSocket();
			sockets.push(fake);
			return fake as unknown as WebSocket;
		},
		random: () => 1,
	});
	const at = (index: number): FakeSocket => {
		const fake = sockets.at(index);
		if (fake === undefined) throw new Error(`no socket ${index}`);
		return fake;
	};
	const enter = async () => {
		await at(-1).opens();
		at(-1).says(joined());
	};
	return { socket, sockets, links, messages, ended, at, enter };
}

describe('socket', () => {
	beforeEach(() => {
		vi.useFakeTimers();
	});
	afterEach(() => {
		vi.useRealTimers();
	});

	it('joins, then sends what waited, newest state only', async () => {
		const { socket, links, at } = setup();
		socket.send({ type: 'publish', source: 'camera', on: true, muted: false });
		socket.send({ type: 'chat', text: 'early' });
		await at(0).opens();
		expect(at(0).sent).toMatchObject([{ type: 'join', name: 'Ann', offer: 'offer1' }]);
		at(0).says(joined());
		expect(at(0).sent.slice(1)).toEqual([{ type: 'chat', text: 'early', id: 1 }]);
		expect(links).toEqual([{ kind: 'connecting' }, { kind: 'open' }]);
	});

	it('resumes after the last event it saw, with growing waits', async () => {
		const { socket, sockets, links, at, enter } = setup();
		await enter();
		at(0).says({ type: 'roster', seq: 9, changed: [], left: [] });
		at(0).says({ type: 'direct', number: 3, from: 'p1', name: 'A', text: 'psst', at: '', to: 'p2', to_name: 'B' });
		at(0).breaks();
		socket.send({ type: 'publish', source: 'microphone', on: true, muted: true });
		socket.send({ type: 'publish', source: 'microphone', on: true, muted: false });
		expect(links.at(-1)).toEqual({ kind: 'retrying', attempt: 1 });
		vi.advanceTimersByTime(249);
		expect(sockets).toHaveLength(1);
		vi.advanceTimersByTime(1);
		at(1).breaks();
		vi.advanceTimersByTime(499);
		expect(sockets).toHaveLength(2);
		vi.advanceTimersByTime(1);
		await at(2).opens();
		expect(at(2).sent).toEqual([{ type: 'resume', token: 'token5', after: 9, attempt: 1, direct_after: 3 }]);
		at(2).says({ type: 'resumed', now: '' });
		expect(at(2).sent.slice(1)).toMatchObject([{ type: 'publish', muted: false }]);
		expect(links.at(-1)).toEqual({ kind: 'open' });
	});

	it('joins anew when the session is gone, without words of the old connection', async () => {
		const { socket, at, enter } = setup();
		await enter();
		at(0).breaks();
		socket.send({ type: 'seated', epoch: 99 });
		socket.send({ type: 'chat', text: 'still here' });
		socket.send({ type: 'chat', text: 'for your eyes only', to: 'p2' }); // who may be somebody else by then
		vi.advanceTimersByTime(250);
		await at(1).opens();
		at(1).says({ type: 'error', code: 'resume_expired', message: '' });
		await vi.advanceTimersByTimeAsync(0);
		expect(at(1).sent.at(-1)).toMatchObject({ type: 'join', offer: 'offer2' });
		at(1).says(joined(1));
		expect(at(1).sent.slice(2).map(({ type }) => type)).toEqual(['chat']);
	});

	it('retries at once when told that the network is back', async () => {
		const { socket, sockets, at, enter } = setup();
		await enter();
		at(0).breaks();
		socket.retryNow();
		expect(sockets).toHaveLength(2);
		vi.advanceTimersByTime(60);
		expect(sockets).toHaveLength(2);
	});

	it('gives up on a socket that never greets', () => {
		const { sockets } = setup();
		vi.advanceTimersByTime(8000 + 250);
		expect(sockets).toHaveLength(2);
		expect(sockets[0]?.closed).toBe(true);
	});

	it('matches an answer to its offer and an error to its message', async () => {
		const { socket, messages, at, enter } = setup();
		await enter();
		const answer = socket.offer({ offer: 'again', sources: {} });
		const id = at(0).sent.at(-1)?.id;
		if (id === undefined) throw new Error('the offer has no id');
		at(0).says({ type: 'answer', re: id, answer: 'sdp2' });
		await expect(answer).resolves.toMatchObject({ answer: 'sdp2' });
		socket.send({ type: 'record', on: true });
		at(0).says({ type: 'error', re: id + 1, code: 'record_failed', message: 'The disk is full.' });
		expect(messages.at(-1)).toMatchObject([{ code: 'record_failed' }, 'record']);
	});

	it('moves to a second line when an offer stays without answer', async () => {
		const { socket, sockets, links, at, enter } = setup();
		await enter();
		const outcome = expect(socket.offer({ offer: 'sdp', sources: {} })).rejects.toThrow('broke');
		vi.advanceTimersByTime(1500);
		expect(sockets).toHaveLength(2);
		expect(at(0).closed).toBe(false);
		await at(1).opens();
		await outcome;
		expect(at(0).closed).toBe(true);
		expect(at(1).sent).toEqual([{ type: 'resume', token: 'token5', after: 5, attempt: 1 }]);
		at(1).says({ type: 'resumed', now: '' });
		expect(links.at(-1)).toEqual({ kind: 'open' });
		at(0).breaks(); // the dead line's end is no news
		expect(sockets).toHaveLength(2);
	});

	it('stays on a line that says something before the second one opens', async () => {
		const { socket, sockets, at, enter } = setup();
		await enter();
		const answer = socket.offer({ offer: 'sdp', sources: {} });
		vi.advanceTimersByTime(1500);
		at(0).says({ type: 'answer', re: 1, answer: 'late' });
		expect((await answer).answer).toBe('late');
		expect(at(1).closed).toBe(true);
		await at(1).opens();
		expect(at(1).sent).toEqual([]);
		vi.advanceTimersByTime(60_000);
		expect(sockets).toHaveLength(2);
	});

	it('tries a second line anew while it does not open, and waits when it is refused', async () => {
		const { socket, sockets, links, at, enter } = setup();
		await enter();
		socket.reconnect();
		vi.advanceTimersByTime(1500 + 3000);
		expect(sockets).toHaveLength(4);
		at(3).breaks();
		expect(links.at(-1)).toEqual({ kind: 'retrying', attempt: 1 });
		expect(at(0).closed).toBe(true);
		vi.advanceTimersByTime(250);
		expect(sockets).toHaveLength(5);
	});

	it('rejects a waiting offer when the line breaks', async () => {
		const { socket, at, enter } = setup();
		await enter();
		const answer = socket.offer({ offer: 'again', sources: {} });
		at(0).breaks();
		await expect(answer).rejects.toThrow('broke');
		await expect(socket.offer({ offer: 'x', sources: {} })).rejects.toThrow('down');
	});

	it('closes with the reason when it is not let in', async () => {
		const { links, sockets, at } = setup();
		await at(0).opens();
		at(0).says({ type: 'error', code: 'room_full', message: 'Full.' });
		vi.advanceTimersByTime(60_000);
		expect(links.at(-1)).toEqual({ kind: 'closed', refusal: { code: 'room_full', message: 'Full.' } });
		expect(sockets).toHaveLength(1);
	});

	it.each([
		['ended', 'closed', undefined],
		['replaced', 'closed', undefined],
		['slow', 'retrying', 'resume'],
		['shutdown', 'retrying', 'join'],
	] as const)('after bye %s is %s', async (reason, kind, hello) => {
		const { links, at, enter } = setup();
		await enter();
		at(0).says({ type: 'bye', reason, message: '' });
		at(0).breaks();
		expect(links.at(-1)?.kind).toBe(kind);
		vi.advanceTimersByTime(250);
		if (hello === undefined) return;
		await at(1).opens();
		expect(at(1).sent[0]?.type).toBe(hello);
	});

	it('says leave when its signal ends, and nothing after', async () => {
		const { socket, sockets, links, ended, at, enter } = setup();
		await enter();
		ended.abort();
		expect(at(0).sent.at(-1)).toEqual({ type: 'leave' });
		expect(at(0).closed).toBe(true);
		expect(links.at(-1)).toEqual({ kind: 'closed' });
		socket.send({ type: 'chat', text: 'too late' });
		socket.retryNow();
		vi.advanceTimersByTime(60_000);
		expect(sockets).toHaveLength(1);
		expect(at(0).sent.at(-1)).toEqual({ type: 'leave' });
	});

	describe('in the lobby', () => {
		const waiting = (more: Partial<Extract<ServerMessage, { type: 'waiting' }>> = {}): ServerMessage => ({
			type: 'waiting',
			resume_token: 'place',
			name: 'Ann',
			reason: 'lobby',
			room: { id: 'r', title: 'Plans', ends_at: '' },
			offer_wanted: false,
			host_present: false,
			now: '',
			...more,
		});

		it('keeps what is said until it is let in', async () => {
			const { socket, links, messages, at } = setup();
			await at(0).opens();
			at(0).says(waiting());
			expect(links.at(-1)).toEqual({ kind: 'open' });
			expect(messages.at(-1)?.[0].type).toBe('waiting');
			socket.send({ type: 'publish', source: 'camera', on: true, muted: false });
			socket.send({ type: 'hand', up: true });
			vi.advanceTimersByTime(60_000); // no answer is owed: nothing is given up
			expect(at(0).closed).toBe(false);
			expect(at(0).sent).toHaveLength(1);
			at(0).says(joined());
			expect(at(0).sent.slice(1)).toEqual([{ type: 'hand', up: true, id: 1 }]);
		});

		it('keeps its place when the line breaks', async () => {
			const { at } = setup();
			await at(0).opens();
			at(0).says(waiting());
			at(0).breaks();
			vi.advanceTimersByTime(250);
			await at(1).opens();
			expect(at(1).sent).toEqual([{ type: 'resume', token: 'place', after: 0, attempt: 1 }]);
			at(1).says(waiting());
			at(1).breaks();
			vi.advanceTimersByTime(250);
			await at(2).opens();
			expect(at(2).sent).toEqual([{ type: 'resume', token: 'place', after: 0, attempt: 2 }]);
			at(2).says(joined(7));
			at(2).breaks();
			vi.advanceTimersByTime(250);
			await at(3).opens();
			expect(at(3).sent).toEqual([{ type: 'resume', token: 'token7', after: 7, attempt: 1 }]);
		});

		it('offers anew when it is sent back, and takes no late error for the end', async () => {
			const { at, enter, socket } = setup();
			await enter();
			at(0).says(waiting({ reason: 'sent_back', resume_token: 'token5', offer_wanted: true }));
			await vi.advanceTimersByTimeAsync(0);
			expect(at(0).sent.at(-1)).toMatchObject({ type: 'join', offer: 'offer2' });
			at(0).says({ type: 'error', re: 3, code: 'waiting', message: '' }); // to what crossed it
			await vi.advanceTimersByTimeAsync(0);
			expect(at(0).sent.filter(({ type }) => type === 'join')).toHaveLength(2);
			at(0).says(waiting({ reason: 'sent_back', resume_token: 'token5' }));
			expect(at(0).sent.filter(({ type }) => type === 'join')).toHaveLength(2);
			at(0).says(joined(9));
			socket.send({ type: 'chat', text: 'back' });
			expect(at(0).sent.at(-1)).toMatchObject({ type: 'chat', text: 'back' });
		});

		it('leaves', async () => {
			const { ended, at } = setup();
			await at(0).opens();
			at(0).says(waiting());
			ended.abort();
			expect(at(0).sent.at(-1)).toEqual({ type: 'leave' });
			expect(at(0).closed).toBe(true);
		});

		it.each(['denied', 'revoked', 'removed'] as const)('is over when it is %s', async (reason) => {
			const { links, sockets, at } = setup();
			await at(0).opens();
			at(0).says(waiting());
			at(0).says({ type: 'bye', reason, message: '' });
			expect(links.at(-1)).toEqual({ kind: 'closed' });
			vi.advanceTimersByTime(60_000);
			expect(sockets).toHaveLength(1);
		});
	});

	it('tells why and how long the server lets nobody in', async () => {
		const { links, at } = setup();
		await at(0).opens();
		at(0).says({ type: 'error', re: 1, code: 'passcode_wrong', message: 'No.', retry_after: 8 });
		expect(links.at(-1)).toEqual({ kind: 'closed', refusal: { code: 'passcode_wrong', message: 'No.', retryAfter: 8 } });
	});
});
