import * as model from './model';
import type { Attendant, Person, Recording, Room, RoomPage, User } from './model';
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

/** Who is logged in, or null. */
export async function whoAmI(signal: AbortSignal): Promise<User | null> {
	try {
		return (await get('/session', model.session, signal)).user;
	} catch (error) {
		if (failureOf(error).kind === 'expired') return null;
		throw error;
	}
}

/** Logs in. A wrong name or password is a refusal with status 401. */
export async function logIn(username: string, password: string, signal: AbortSignal): Promise<User> {
	const response = await call('POST', '/session', signal, { username, password });
	if (response.status === 401) throw new ApiError({ ...(await refusal(response)), kind: 'refused' });
	return (await read(response, model.session)).user;
}

/** Logs out. */
export async function logOut(signal: AbortSignal): Promise<void> {
	await send('DELETE', '/session', signal);
}

export type RoomQuery = Readonly<{ state: 'open' | 'ended'; after: string }>;

/** One page of rooms: open and upcoming ones, or ended ones. */
export function listRooms({ state, after }: RoomQuery, signal: AbortSignal): Promise<RoomPage> {
	const query = new URLSearchParams({ state });
	if (after !== '') query.set('after', after);
	return get(`/rooms?${query.toString()}`, model.roomPage, signal);
}

export type Reservation = Readonly<{ duration: number; timezone: string; description: string }>;

/** Reserves a room that is open from now on. */
export async function reserve(reservation: Reservation, signal: AbortSignal): Promise<Room> {
	return read(await call('POST', '/rooms', signal, reservation), model.room);
}

/** Ends a meeting for everybody in it. */
export function endRoom(id: string, signal: AbortSignal): Promise<void> {
	return send('POST', `/rooms/${encodeURIComponent(id)}/end`, signal);
}

/** Who is in a room now. */
export async function listPeople(room: string, signal: AbortSignal): Promise<readonly Person[]> {
	return (await get(`/rooms/${encodeURIComponent(room)}/participants`, model.people, signal)).participants;
}

/** The recordings of a room, or of all rooms if it is "". */
export async function listRecordings(room: string, signal: AbortSignal): Promise<readonly Recording[]> {
	const query = room === '' ? '' : `?${new URLSearchParams({ room }).toString()}`;
	return (await get(`/recordings${query}`, model.recordings, signal)).recordings;
}

/** One recording. */
export function getRecording(id: string, signal: AbortSignal): Promise<Recording> {
	return get(`/recordings/${encodeURIComponent(id)}`, model.recording, signal);
}

/** Deletes a recording with all its files. One that still runs is refused with status 409. */
export function deleteRecording(id: string, signal: AbortSignal): Promise<void> {
	return send('DELETE', `/recordings/${encodeURIComponent(id)}`, signal);
}

/** Where a file of a recording is played from. */
export function fileUrl(recording: string, path: string): string {
	return `/api/v1/recordings/${encodeURIComponent(recording)}/files/${encodeURIComponent(path)}`;
}

/** Where a file of a recording is downloaded from, under a name that says whose it is. */
export function downloadUrl(recording: string, path: string): string {
	return `${fileUrl(recording, path)}?download=1`;
}

/** Who waits for messages. */
export async function listAttendants(signal: AbortSignal): Promise<readonly Attendant[]> {
	return (await get('/attendants', model.attendants, signal)).attendants;
}

/** Sends text to an attendant; false when it is no longer there. */
export async function push(channel: string, info: string, signal: AbortSignal): Promise<boolean> {
	const response = await call('POST', `/attendants/${encodeURIComponent(channel)}/push`, signal, { info });
	if (response.status === 404) return false;
	await need(response);
	return true;
}

async function get<T>(path: string, shape: Shape<T>, signal: AbortSignal): Promise<T> {
	return read(await call('GET', path, signal), shape);
}

async function send(method: string, path: string, signal: AbortSignal): Promise<void> {
	await need(await call(method, path, signal));
}

async function call(method: string, path: string, signal: AbortSignal, body?: object): Promise<Response> {
	const patience = new AbortController();
	const timer = setTimeout(() => patience.abort(), PATIENCE_MS);
	const stop = () => patience.abort();
	signal.addEventListener('abort', stop, { once: true });
	try {
		signal.throwIfAborted();
		const headers: Record<string, string> = { Accept: 'application/json' };
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

async function read<T>(response: Response, shape: Shape<T>): Promise<T> {
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

async function need(response: Response): Promise<void> {
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

async function refusal(response: Response): Promise<Failure & { kind: 'refused' }> {
	const { status } = response;
	try {
		return { kind: 'refused', status, ...problem(await response.json(), 'problem') };
	} catch {
		return { kind: 'refused', status, title: '', detail: '' };
	}
}
