import { backoff } from './backoff';
import { decodeServerMessage } from './messages';
import { enqueue, survivesRejoin } from './outbox';
import type { Answer, ClientMessage, ErrorCode, Join, ServerMessage } from './protocol.gen';

/** How the page's line to the server is. */
export type Link = Readonly<
	{ kind: 'connecting' } | { kind: 'open' } | { kind: 'retrying'; attempt: number } | { kind: 'closed'; refusal?: Refusal }
>;

/** Why the server let nobody in: from an error to the join message. */
export type Refusal = Readonly<{
	code: ErrorCode;
	message: string;
	/** How long to wait before the next try, in seconds. */
	retryAfter?: number;
	/** When the room opens, RFC 3339; with `not_open`. */
	opensAt?: string;
}>;

export type SocketOptions = Readonly<{
	url: string;
	/** Makes the first message of a session that is new: at the start, and when the old one is gone. */
	join: () => Promise<Join>;
	/** Every message the server sends, joined and bye included. */
	onMessage: (message: ServerMessage, about: ClientMessage['type'] | undefined) => void;
	onLink: (link: Link) => void;
	/** Ends everything when it aborts: says leave and closes. */
	signal: AbortSignal;
	/** Opens a WebSocket; tests bring their own. */
	open?: (url: string, protocol: string) => WebSocket;
	/** A number in [0, 1); tests bring their own. */
	random?: () => number;
}>;

/** The session's line to the server. It reconnects by itself until it is closed. */
export type Socket = Readonly<{
	/** Sends a message now, or when the line is back. */
	send: (message: ClientMessage) => void;
	/** Offers and waits for the answer. Rejects when the line is down or breaks first. */
	offer: (offer: { offer: string; sources: Join['sources'] }) => Promise<Answer>;
	/** Tries again at once instead of after the wait, for instance when the network came back. */
	retryNow: () => void;
	/**
	 * Opens a second line beside one that may be dead without knowing. The
	 * session moves there, unless the first one says something before.
	 */
	reconnect: () => void;
}>;

const PROTOCOL = 'plenum.v1';

/** Longest wait for a socket to open and greet, and for an answer, in milliseconds. */
const PATIENCE_MS = 8000;

/** How long an answer may take before the line is doubted, in milliseconds. */
const DOUBT_MS = 1500;

/** How long a second line may take to open before another is tried; twice as long each time. In milliseconds. */
const SPARE_MS = 1500;

/** How many sent messages are remembered, to tell what an error is about. */
const REMEMBERED = 64;

type Timer = ReturnType<typeof setTimeout>;

type Waiting = Readonly<{ resolve: (answer: Answer) => void; reject: (error: unknown) => void; timers: readonly Timer[] }>;

function refusalOf({ code, message, retry_after: retryAfter, opens_at: opensAt }: Extract<ServerMessage, { type: 'error' }>): Refusal {
	return { code, message, ...(retryAfter === undefined ? {} : { retryAfter }), ...(opensAt === undefined ? {} : { opensAt }) };
}

/** Opens the line and keeps it. */
export function createSocket(options: SocketOptions): Socket {
	const line = new Line(options);
	options.signal.addEventListener('abort', () => line.leave(), { once: true });
	line.start();
	return {
		send: (message) => line.send(message),
		offer: (offer) => line.offer(offer),
		retryNow: () => line.retryNow(),
		reconnect: () => line.reconnect(),
	};
}

/** The state behind a Socket: one WebSocket at a time, the session it serves, and what waits for either. */
class Line {
	private readonly options: SocketOptions;
	private socket: WebSocket | undefined;
	/** A second WebSocket that may take over from one that seems dead. */
	private spare: Readonly<{ socket: WebSocket; timer: Timer }> | undefined;
	/** What resumes the session; undefined before the first join and after the server forgot us. */
	private session: { token: string; seq: number; direct: number; resumes: number } | undefined;
	/** The server has greeted us on this socket. */
	private ready = false;
	/** The server has us wait in the lobby on this socket. */
	private waits = false;
	private over = false;
	private attempt = 0;
	private nextId = 1;
	private queue: readonly ClientMessage[] = [];
	private retry: ReturnType<typeof setTimeout> | undefined;
	private greeting: ReturnType<typeof setTimeout> | undefined;
	private readonly waiting = new Map<number, Waiting>();
	private readonly sent = new Map<number, ClientMessage['type']>();

	constructor(options: SocketOptions) {
		this.options = options;
	}

	start(): void {
		this.options.onLink({ kind: 'connecting' });
		this.connect();
	}

	send(message: ClientMessage): void {
		if (this.over) return;
		if (!this.ready) {
			this.queue = enqueue(this.queue, message);
			return;
		}
		if (message.type === 'seated' || message.type === 'leave') {
			this.write(message);
			return;
		}
		const id = this.nextId++;
		this.sent.set(id, message.type);
		this.sent.delete(id - REMEMBERED);
		this.write({ ...message, id });
	}

	offer(offer: { offer: string; sources: Join['sources'] }): Promise<Answer> {
		return new Promise((resolve, reject) => {
			if (!this.ready) {
				reject(new Error('the connection is down'));
				return;
			}
			const id = this.nextId++;
			const timers = [
				setTimeout(() => this.reconnect(), DOUBT_MS),
				setTimeout(() => {
					this.waiting.delete(id);
					reject(new Error('the server did not answer'));
				}, PATIENCE_MS),
			];
			this.waiting.set(id, { resolve, reject, timers });
			this.write({ type: 'offer', id, ...offer });
		});
	}

	retryNow(): void {
		if (!this.over && this.socket === undefined) this.connect();
	}

	reconnect(): void {
		if (this.ready) this.openSpare(SPARE_MS);
		else this.retryNow();
	}

	private openSpare(patience: number): void {
		if (this.over || !this.ready || this.spare !== undefined) return;
		const socket = this.open();
		const timer = setTimeout(() => {
			this.closeSpare();
			this.openSpare(Math.min(2 * patience, PATIENCE_MS));
		}, patience);
		this.spare = { socket, timer };
		socket.onopen = () => {
			if (this.spare?.socket === socket) this.moveTo(socket);
		};
		socket.onclose = () => {
			if (this.spare?.socket !== socket) return;
			this.closeSpare();
			if (this.socket !== undefined) this.drop(this.socket); // neither works: begin to wait
		};
	}

	private closeSpare(): void {
		if (this.spare === undefined) return;
		clearTimeout(this.spare.timer);
		const { socket } = this.spare;
		this.spare = undefined;
		socket.close();
	}

	/** Takes the session to a second line that has opened before the first said anything. */
	private moveTo(socket: WebSocket): void {
		const old = this.socket;
		clearTimeout(this.spare?.timer);
		this.spare = undefined;
		this.forget();
		this.use(socket);
		void this.greet(socket);
		old?.close();
	}

	leave(): void {
		if (this.over) return;
		if (this.ready || this.waits) this.write({ type: 'leave' });
		this.close();
	}

	private connect(): void {
		clearTimeout(this.retry);
		const socket = this.open();
		socket.onopen = () => void this.greet(socket);
		this.use(socket);
	}

	private open(): WebSocket {
		const open = this.options.open ?? ((url, protocol) => new WebSocket(url, protocol));
		return open(this.options.url, PROTOCOL);
	}

	private use(socket: WebSocket): void {
		this.socket = socket;
		clearTimeout(this.greeting);
		this.greeting = setTimeout(() => this.drop(socket), PATIENCE_MS);
		socket.onmessage = (event: MessageEvent<unknown>) => {
			if (this.socket === socket && typeof event.data === 'string') this.receive(event.data);
		};
		socket.onclose = () => {
			if (this.socket === socket) this.lost();
		};
	}

	/** Lets go of a socket without waiting for its closing handshake, which a dead network never ends. */
	private drop(socket: WebSocket): void {
		if (this.socket !== socket) return;
		socket.close();
		this.lost();
	}

	/** Gives up on what was sent on a socket and not answered. */
	private forget(): void {
		this.ready = false;
		this.waits = false;
		clearTimeout(this.greeting);
		for (const { reject, timers } of this.waiting.values()) {
			timers.forEach(clearTimeout);
			reject(new Error('the connection broke'));
		}
		this.waiting.clear();
		this.sent.clear();
	}

	private lost(): void {
		this.socket = undefined;
		clearTimeout(this.greeting);
		this.closeSpare();
		this.forget();
		if (this.over) return;
		this.attempt += 1;
		const wait = backoff(this.attempt, (this.options.random ?? Math.random)());
		this.retry = setTimeout(() => this.connect(), wait);
		this.options.onLink({ kind: 'retrying', attempt: this.attempt });
	}

	private async greet(socket: WebSocket): Promise<void> {
		if (this.socket !== socket) return;
		if (this.session !== undefined) {
			this.session.resumes += 1; // so that a socket we gave up can't take the session from a later one
			this.write({ type: 'resume', token: this.session.token, after: this.session.seq, attempt: this.session.resumes, ...(this.session.direct === 0 ? {} : { direct_after: this.session.direct }) });
			return;
		}
		await this.join(socket);
	}

	private async join(socket: WebSocket): Promise<void> {
		try {
			const join = await this.options.join();
			if (this.isCurrent(socket)) this.write({ type: 'join', ...join });
		} catch {
			this.drop(socket); // the offer could not be made; the next try makes a new connection
		}
	}

	private isCurrent(socket: WebSocket): boolean {
		return this.socket === socket;
	}

	private receive(text: string): void {
		const message = decodeServerMessage(text);
		if (message === undefined) return;
		this.closeSpare(); // the line lives
		if (this.session !== undefined && 'seq' in message) this.session.seq = Math.max(this.session.seq, message.seq);
		if (this.session !== undefined && message.type === 'direct') this.session.direct = Math.max(this.session.direct, message.number);
		switch (message.type) {
			case 'joined': {
				this.session = { token: message.resume_token, seq: message.seq, direct: 0, resumes: 0 };
				this.waits = false;
				const lost = this.queue.some((one) => one.type === 'chat' && !survivesRejoin(one));
				this.queue = this.queue.filter(survivesRejoin);
				this.options.onMessage(message, undefined);
				if (lost) this.options.onMessage({ type: 'error', code: 'not_here', message: '' }, 'chat');
				this.greeted();
				return;
			}
			case 'resumed':
				this.options.onMessage(message, undefined);
				this.greeted();
				return;
			case 'waiting':
				this.wait(message);
				return;
			case 'answer':
				this.settle(message.re, (one) => one.resolve(message));
				return;
			case 'error':
				this.failed(message);
				return;
			case 'bye':
				if (message.reason === 'shutdown') this.session = undefined;
				this.options.onMessage(message, undefined);
				if (message.reason !== 'shutdown' && message.reason !== 'slow') this.close();
				return;
			default:
				this.options.onMessage(message, undefined);
		}
	}

	private greeted(): void {
		this.ready = true;
		this.attempt = 0;
		clearTimeout(this.greeting);
		const queue = this.queue;
		this.queue = [];
		this.options.onLink({ kind: 'open' });
		for (const message of queue) this.send(message);
	}

	/** Waits to be let in. What is said meanwhile is kept as on a line that is down. */
	private wait(message: Extract<ServerMessage, { type: 'waiting' }>): void {
		const resumes = this.session?.token === message.resume_token && !this.ready ? this.session.resumes : 0;
		this.session = { token: message.resume_token, seq: 0, direct: 0, resumes };
		this.ready = false;
		this.waits = true;
		this.attempt = 0;
		clearTimeout(this.greeting);
		this.options.onMessage(message, undefined);
		this.options.onLink({ kind: 'open' });
		if (message.offer_wanted && this.socket !== undefined) void this.join(this.socket);
	}

	private failed(message: Extract<ServerMessage, { type: 'error' }>): void {
		if (message.code === 'waiting') return; // to what crossed the word that sent us to the lobby
		if (!this.ready && this.session !== undefined && this.socket !== undefined) {
			this.waits = false;
			this.session = undefined; // resume_expired, or a server that can't read our resume: begin anew
			void this.greet(this.socket);
			return;
		}
		if (!this.ready) {
			this.close(refusalOf(message));
			return;
		}
		if (this.settle(message.re, (one) => one.reject(new Error(message.message)))) return;
		this.options.onMessage(message, message.re === undefined ? undefined : this.sent.get(message.re));
	}

	private settle(re: number | undefined, run: (one: Waiting) => void): boolean {
		const one = re === undefined ? undefined : this.waiting.get(re);
		if (re === undefined || one === undefined) return false;
		this.waiting.delete(re);
		one.timers.forEach(clearTimeout);
		run(one);
		return true;
	}

	private close(refusal?: Refusal): void {
		this.over = true;
		clearTimeout(this.retry);
		const socket = this.socket;
		this.lost();
		socket?.close(1000);
		this.options.onLink(refusal === undefined ? { kind: 'closed' } : { kind: 'closed', refusal });
	}

	private write(message: ClientMessage): void {
		this.socket?.send(JSON.stringify(message));
	}
}
