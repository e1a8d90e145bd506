import { object, optional, ShapeError, text } from './shape';
import type { Shape } from './shape';

/** How long a call may take before it counts as unanswered, in milliseconds. */
const PATIENCE_MS = 15_000;

/** Why a call brought nothing. */
export type Failure = Readonly<
	| { kind: 'unreachable' }
	| { kind: 'expired' }
	| { kind: 'throttled'; seconds: number }
	| { kind: 'refused'; status: number; title: string; detail: string }
	| { kind: 'malformed'; what: string }
>;

/** Carries a Failure through a rejected promise. */
export class ApiError extends Error {
	override readonly name = 'ApiError';
	readonly failure: Failure;

	constructor(failure: Failure) {
		super(failure.kind);
		this.failure = failure;
	}
}

/** The failure in whatever a promise was rejected with. What nobody foresaw is told as an answer we could not read. */
export function failureOf(error: unknown): Failure {
	if (error instanceof ApiError) return error.failure;
	return { kind: 'malformed', what: error instanceof Error ? error.message : String(error) };
}

/** Reads a path. */
export async function get<T>(path: string, shape: Shape<T>, signal: AbortSignal): Promise<T> {
	return read(await call('GET', path, signal), shape);
}

/** Calls a path whose answer has no body. */
export async function send(method: string, path: string, signal: AbortSignal, body?: object): Promise<void> {
	await need(await call(method, path, signal, body));
}

/** Sends a body and reads the answer. */
export async function ask<T>(method: string, path: string, shape: Shape<T>, signal: AbortSignal, body?: object, headers?: Headers): Promise<T> {
	return read(await call(method, path, signal, body, headers), shape);
}

/** What a call sends along, such as If-Match. */
export type Headers = Readonly<Record<string, string>>;

/** A key that lets a creating call be repeated without making a second thing. */
export function newKey(): string {
	return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The part of a path that a value from outside stands in. */
export function seg(value: string | number): string {
	return encodeURIComponent(value);
}

/** A query of what is not empty, with its question mark; "" when nothing is left. */
export function query(values: Readonly<Record<string, string | number | undefined>>): string {
	const kept = Object.entries(values).filter(([, value]) => value !== undefined && value !== '');
	return kept.length === 0 ? '' : `?${new URLSearchParams(kept.map(([name, value]) => [name, String(value)])).toString()}`;
}

/** Calls a path; a call nobody answers in time is unreachable. */
export async function call(method: string, path: string, signal: AbortSignal, body?: object, more: Headers = {}): Promise<Response> {
	const patience = new AbortController();
	const timer = setTimeout(() => patience.abort(), PATIENCE_MS);
	const stop = () => patience.abort();
	signal.addEventListener('abort', stop, { once: true });
	try {
		signal.throwIfAborted();
		const headers: Record<string, string> = { Accept: 'application/json', ...more };
		if (body !== undefined) headers['Content-Type'] = 'application/json';
		return await fetch(`/api/v1${path}`, {
			method,
			headers,
			body: body === undefined ? null : JSON.stringify(body),
			signal: patience.signal,
			credentials: 'same-origin',
			cache: 'no-store',
		});
	} catch (error) {
		if (signal.aborted) throw error;
		throw new ApiError({ kind: 'unreachable' });
	} finally {
		clearTimeout(timer);
		signal.removeEventListener('abort', stop);
	}
}

/** The body of an answer in its shape, or why there is none. */
export async function read<T>(response: Response, shape: Shape<T>): Promise<T> {
	await need(response);
	let body: unknown;
	try {
		body = await response.json();
	} catch {
		throw new ApiError({ kind: 'malformed', what: 'the body is not JSON' });
	}
	return parse(body, shape);
}

/** The body in its shape, or an ApiError that says where it differs. */
export function parse<T>(body: unknown, shape: Shape<T>): T {
	try {
		return shape(body, 'body');
	} catch (error) {
		if (error instanceof ShapeError) throw new ApiError({ kind: 'malformed', what: error.message });
		throw error;
	}
}

/** Throws what an answer refuses. */
export async function need(response: Response): Promise<void> {
	if (response.ok) return;
	if (response.status === 401) throw new ApiError({ kind: 'expired' });
	if (response.status === 429) throw new ApiError({ kind: 'throttled', seconds: retryAfter(response.headers.get('Retry-After')) });
	throw new ApiError(await refusal(response));
}

/** The seconds of a Retry-After header; 0 when it says none. */
export function retryAfter(header: string | null): number {
	return header !== null && /^\d{1,6}$/.test(header) ? Number(header) : 0;
}

const problem = object<{ title: string; detail: string }>({ title: optional(text, ''), detail: optional(text, '') });

/** What an answer says is wrong. */
export async function refusal(response: Response): Promise<Failure & { kind: 'refused' }> {
	const { status } = response;
	try {
		return { kind: 'refused', status, ...problem(await response.json(), 'problem') };
	} catch {
		return { kind: 'refused', status, title: '', detail: '' };
	}
}
