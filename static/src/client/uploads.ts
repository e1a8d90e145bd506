import type { FileTerms } from './protocol.gen';
import { createStore } from './store';
import type { Store } from './store';

/** Why a file was not sent. */
export type UploadProblem = 'too_large' | 'too_many' | 'full' | 'gone' | 'forbidden' | 'failed';

/** A file on its way to the others, or one that did not get there. */
export type Upload = Readonly<{
	key: number;
	name: string;
	/** In bytes. */
	size: number;
	/** Bytes that are there already. */
	sent: number;
	/** The participant who alone gets it; undefined for everybody. */
	to: string | undefined;
	/** Set once it is clear that it does not get there. */
	problem: UploadProblem | undefined;
}>;

/** Sends files, a few at a time, and tells how far they are. */
export type Uploads = Readonly<{
	list: Store<readonly Upload[]>;
	send: (file: File, to?: string) => void;
	/** Gives a file up, or forgets one that was not sent. */
	cancel: (key: number) => void;
}>;

/** Sends one body. It resolves with the answer's status, 0 when the line broke, and rejects when signal aborts. */
export type Send = (url: string, ticket: string, body: File, onProgress: (sent: number) => void, signal: AbortSignal) => Promise<number>;

export type UploadOptions = Readonly<{
	room: string;
	/** How files are shared now. */
	terms: () => Readonly<FileTerms> | undefined;
	/** Ends all uploads. */
	signal: AbortSignal;
	send?: Send;
	/** How long to wait when the server wants them slower, in milliseconds. */
	pauseMs?: number;
}>;

/** The most files on their way at a time; the server takes no more. */
const AT_A_TIME = 2;

/** The least time between two words on how far a file is, in milliseconds. */
const TELL_MS = 100;

/** How often a file is offered again to a server that wants them slower. */
const TRIES = 30;

const PAUSE_MS = 2100;

/** Returns what sends files. */
export function createUploads({ room, terms, signal, send = sendByXhr, pauseMs = PAUSE_MS }: UploadOptions): Uploads {
	const list = createStore<readonly Upload[]>([]);
	const waiting: { upload: Upload; file: File }[] = [];
	const running = new Map<number, AbortController>();
	let last = 0;
	const patch = (key: number, change: Partial<Upload>) => list.update((all) => all.map((one) => (one.key === key ? { ...one, ...change } : one)));
	const forget = (key: number) => list.update((all) => all.filter((one) => one.key !== key));
	const pump = () => {
		while (running.size < AT_A_TIME) {
			const next = waiting.shift();
			if (next === undefined) return;
			void run(next.upload, next.file);
		}
	};
	const run = async ({ key, to }: Upload, file: File) => {
		const end = new AbortController();
		running.set(key, end);
		try {
			const status = await attempt(key, to, file, AbortSignal.any([end.signal, signal]));
			if (status === 201) forget(key);
			else patch(key, { problem: problemOf(status), sent: 0 });
		} catch {
			forget(key); // given up
		}
		running.delete(key);
		pump();
	};
	const attempt = async (key: number, to: string | undefined, file: File, ended: AbortSignal): Promise<number> => {
		let toldAt = 0;
		const progress = (sent: number) => {
			if (sent < file.size && Date.now() - toldAt < TELL_MS) return;
			toldAt = Date.now();
			patch(key, { sent });
		};
		const query = new URLSearchParams({ name: file.name, ...(to === undefined ? {} : { to }) }).toString();
		for (let tries = 1; ; tries++) {
			const ticket = terms()?.ticket;
			if (ticket === undefined) return 403;
			const status = await send(`${addressOf(room)}?${query}`, ticket, file, progress, ended);
			if (status !== 429 || tries === TRIES) return status;
			await pause(pauseMs, ended);
		}
	};
	return {
		list,
		send: (file, to) => {
			const most = terms()?.max_size ?? 0;
			const upload: Upload = { key: ++last, name: file.name, size: file.size, sent: 0, to, problem: file.size > most ? 'too_large' : undefined };
			list.update((all) => [...all, upload]);
			if (upload.problem !== undefined) return;
			waiting.push({ upload, file });
			pump();
		},
		cancel: (key) => {
			const at = waiting.findIndex(({ upload }) => upload.key === key);
			if (at !== -1) waiting.splice(at, 1);
			running.get(key)?.abort();
			forget(key);
		},
	};
}

/** Where a file of the meeting can be read with a ticket. */
export function fileAddress(room: string, ticket: string, id: string): string {
	return `${addressOf(room)}/${encodeURIComponent(id)}?ticket=${encodeURIComponent(ticket)}`;
}

function addressOf(room: string): string {
	return `/api/v1/rooms/${encodeURIComponent(room)}/files`;
}

function problemOf(status: number): UploadProblem {
	switch (status) {
		case 403:
			return 'forbidden';
		case 404:
			return 'gone';
		case 413:
			return 'too_large';
		case 429:
			return 'too_many';
		case 507:
			return 'full';
		default:
			return 'failed';
	}
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
	return new Promise((resolve, reject) => {
		const timer = setTimeout(resolve, ms);
		signal.addEventListener('abort', () => {
			clearTimeout(timer);
			reject(new Error('given up'));
		}, { once: true });
	});
}

/** XMLHttpRequest, since fetch does not tell how much is sent. */
function sendByXhr(url: string, ticket: string, body: File, onProgress: (sent: number) => void, signal: AbortSignal): Promise<number> {
	return new Promise((resolve, reject) => {
		const request = new XMLHttpRequest();
		request.open('POST', url);
		request.setRequestHeader('Plenum-Ticket', ticket);
		request.setRequestHeader('Content-Type', 'application/octet-stream'); // else its own type, which is nobody's business
		request.upload.addEventListener('progress', ({ loaded }) => onProgress(loaded));
		request.addEventListener('load', () => resolve(request.status));
		request.addEventListener('error', () => resolve(0));
		request.addEventListener('abort', () => reject(new Error('given up')));
		signal.addEventListener('abort', () => request.abort(), { once: true });
		if (signal.aborted) reject(new Error('given up'));
		else request.send(body);
	});
}
