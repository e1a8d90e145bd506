import { ApiError, ask, call, failureOf, get, need, newKey, query, read, refusal, seg, send } from './http';
import * as model from './model';
import type { Attendant, Live, Recording, Room, RoomPage, User } from './model';

export { ApiError, failureOf, parse, retryAfter } from './http';
export type { Failure } from './http';

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

/** What rooms to list. from and before are about the start, in milliseconds since 1970. */
export type RoomQuery = Readonly<{ state?: 'open' | 'ended'; after?: string; creator?: number; from?: number; before?: number; limit?: number }>;

/** One page of rooms. */
export function listRooms({ from, before, ...rest }: RoomQuery, signal: AbortSignal): Promise<RoomPage> {
	const time = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString());
	return get(`/rooms${query({ ...rest, from: time(from), before: time(before) })}`, model.roomPage, signal);
}

/** A room and the version it was read in. */
export type Versioned = Readonly<{ room: Room; etag: string }>;

/** One room. */
export async function getRoom(id: string, signal: AbortSignal): Promise<Versioned> {
	const response = await call('GET', `/rooms/${seg(id)}`, signal);
	return { room: await read(response, model.room), etag: response.headers.get('ETag') ?? '' };
}

/** What a room is to be. Times are RFC 3339. A field that is left out has its default, or stays. */
export type RoomWish = Readonly<{
	start?: string;
	end?: string;
	duration?: number;
	timezone?: string;
	description?: string;
	capacity?: number;
	passcode?: string;
	lobby?: boolean;
	recording_policy?: model.RecordingPolicy;
	guest_role?: model.GuestRole;
	audience_may?: readonly model.AudienceRight[];
}>;

/** Reserves a room. The same key makes no second one. */
export function reserve(wish: RoomWish, signal: AbortSignal, key = newKey()): Promise<Room> {
	return ask('POST', '/rooms', model.room, signal, wish, { 'Idempotency-Key': key });
}

/** Changes a room, unless it is no longer the version that etag names. */
export function changeRoom(id: string, wish: Omit<RoomWish, 'timezone'>, etag: string, signal: AbortSignal): Promise<Room> {
	return ask('PATCH', `/rooms/${seg(id)}`, model.room, signal, wish, etag === '' ? {} : { 'If-Match': etag });
}

/** Moves the end of a room. */
export function extendRoom(id: string, minutes: number, signal: AbortSignal): Promise<Room> {
	return ask('POST', `/rooms/${seg(id)}/extend`, model.room, signal, { minutes });
}

/** Cancels a room: it is as if it had not been reserved, and its meeting ends. */
export function cancelRoom(id: string, signal: AbortSignal): Promise<void> {
	return send('DELETE', `/rooms/${seg(id)}`, signal);
}

/** Ends a meeting for everybody in it. */
export function endRoom(id: string, signal: AbortSignal): Promise<void> {
	return send('POST', `/rooms/${seg(id)}/end`, signal);
}

/** Who is in a room now, and whether it is locked. */
export function listPeople(room: string, signal: AbortSignal): Promise<Live> {
	return get(`/rooms/${seg(room)}/participants`, model.live, signal);
}

/** The recordings of a room, or of all rooms if it is "". */
export async function listRecordings(room: string, signal: AbortSignal): Promise<readonly Recording[]> {
	return (await get(`/recordings${query({ room })}`, model.recordings, signal)).recordings;
}

/** One recording. */
export function getRecording(id: string, signal: AbortSignal): Promise<Recording> {
	return get(`/recordings/${seg(id)}`, model.recording, signal);
}

/** Deletes a recording with all its files. One that still runs is refused with status 409. */
export function deleteRecording(id: string, signal: AbortSignal): Promise<void> {
	return send('DELETE', `/recordings/${seg(id)}`, signal);
}

/** Where a file of a recording is played from. */
export function fileUrl(recording: string, path: string): string {
	return `/api/v1/recordings/${seg(recording)}/files/${seg(path)}`;
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
	const response = await call('POST', `/attendants/${seg(channel)}/push`, signal, { info });
	if (response.status === 404) return false;
	await need(response);
	return true;
}
