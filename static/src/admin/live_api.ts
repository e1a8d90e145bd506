import { ask, get, newKey, query, seg, send } from './http';
import * as model from './model';
import type { Live, Room } from './model';
import { amount, flag, instant, list, object, oneOf, optional, text } from './shape';
import type { Shape } from './shape';

/** What a host can do to a participant. Nobody's microphone or camera can be turned on. */
export type PersonAction = 'mute' | 'stop_camera' | 'stop_screen' | 'ask_to_unmute' | 'lower_hand' | 'make_host' | 'make_speaker' | 'make_audience' | 'send_to_lobby';

const room = (id: string) => `/rooms/${seg(id)}`;
const person = (id: string, who: string) => `${room(id)}/participants/${seg(who)}`;

/** Does something to a participant. What they are then is not read: who was sent to the lobby is nobody any more. */
export function moderate(id: string, who: string, action: PersonAction, signal: AbortSignal): Promise<void> {
	return send('POST', `${person(id, who)}/moderate`, signal, { action });
}

/** Sends a participant out of the meeting. */
export function remove(id: string, who: string, signal: AbortSignal): Promise<void> {
	return send('DELETE', person(id, who), signal);
}

/** What a host can do to all at once. */
export type RoomAction = 'mute_all' | 'lock' | 'unlock' | 'admit_all';

/** Mutes everybody, locks the meeting, or lets in all who wait. */
export function moderateAll(id: string, action: RoomAction, signal: AbortSignal): Promise<Live> {
	return ask('POST', `${room(id)}/moderate`, model.live, signal, { action });
}

/** Somebody who waits in the lobby, in the role they would have. */
export type Waiter = Readonly<{ id: string; name: string; role: string; reason: 'lobby' | 'sent_back'; since: number; connected: boolean }>;

const waiter = object<Waiter>({ id: text, name: text, role: optional(text, ''), reason: oneOf(['lobby', 'sent_back'], 'lobby'), since: instant, connected: optional(flag, true) });

const lobby = object<Readonly<{ waiting: readonly Waiter[] }>>({ waiting: list(waiter) });

/** Who waits in the lobby of a room, in the order they came. */
export async function listWaiting(id: string, signal: AbortSignal): Promise<readonly Waiter[]> {
	return (await get(`${room(id)}/waiting`, lobby, signal)).waiting;
}

/** Lets somebody in who waits, or sends them off. */
export function answerWaiter(id: string, who: string, action: 'admit' | 'deny', signal: AbortSignal): Promise<void> {
	return send('POST', `${room(id)}/waiting/${seg(who)}`, signal, { action });
}

export type PushResult = 'delivered' | 'queue_full' | 'gone';

/** What became of a message: how many got it, and who did not. */
export type Pushed = Readonly<{
	delivered: number;
	queue_full: number;
	gone: number;
	recipients: readonly Readonly<{ recipient: string; result: PushResult }>[];
	more: number;
}>;

const pushed = object<Pushed>({
	delivered: amount,
	queue_full: amount,
	gone: amount,
	recipients: optional(list(object({ recipient: text, result: oneOf<PushResult>(['delivered', 'queue_full', 'gone']) })), []),
	more: optional(amount, 0),
});

/** Shows a text to one participant, or to everybody in the meeting if who is "". */
export function message(id: string, who: string, info: string, signal: AbortSignal): Promise<Pushed> {
	return ask('POST', `${who === '' ? room(id) : person(id, who)}/message`, pushed, signal, { info }, { 'Idempotency-Key': newKey() });
}

/** Whom a push is for. */
export type Target = Readonly<{ channel: string } | { details: Readonly<Record<string, string>> } | { room: string } | { all: true }>;

/** Pushes a text, or any JSON. */
export function pushTo(to: Target, info: unknown, signal: AbortSignal): Promise<Pushed> {
	return ask('POST', '/push', pushed, signal, { to, info }, { 'Idempotency-Key': newKey() });
}

export type LinkRole = 'host' | 'speaker' | 'audience';

/** A link that lets in in a role. expires_at and used_at are 0 for never. */
export type JoinLink = Readonly<{ id: string; role: LinkRole; name: string; label: string; created_by: string; created_at: number; expires_at: number; used_at: number; url: string }>;

const joinLink = object<JoinLink>({
	id: text,
	role: oneOf<LinkRole>(['host', 'speaker', 'audience']),
	name: optional(text, ''),
	label: optional(text, ''),
	created_by: optional(text, ''),
	created_at: instant,
	expires_at: optional(instant, 0),
	used_at: optional(instant, 0),
	url: text,
});

/** Makes a join link. It ends with the room, or at expires. */
export function makeLink(id: string, wish: Readonly<{ role: LinkRole; name?: string; label?: string; expires_at?: string }>, signal: AbortSignal): Promise<JoinLink> {
	return ask('POST', `${room(id)}/links`, joinLink, signal, wish, { 'Idempotency-Key': newKey() });
}

/** The join links of a room that hold, oldest first. */
export async function listLinks(id: string, signal: AbortSignal): Promise<readonly JoinLink[]> {
	return (await get(`${room(id)}/links`, object<Readonly<{ links: readonly JoinLink[] }>>({ links: list(joinLink) }), signal)).links;
}

/** Revokes one join link; who came by it is sent out. */
export function revokeLink(id: string, link: string, signal: AbortSignal): Promise<void> {
	return send('DELETE', `${room(id)}/links/${seg(link)}`, signal);
}

/** Revokes all links of a room; the answer has its new host link. */
export function revokeLinks(id: string, endSessions: boolean, signal: AbortSignal): Promise<Room> {
	return ask('POST', `${room(id)}/links/revoke`, model.room, signal, { end_sessions: endSessions });
}

/** One stay of somebody in a room. media_up and left are 0 when it did not come to that. */
export type Visit = Readonly<{ id: string; name: string; user: string; role: string; joined: number; media_up: number; left: number; reason: string; minutes: number; interruptions: number; away_seconds: number }>;

/** Somebody who was in a room, however often. last_left is 0 while somebody is there. */
export type Attended = Readonly<{ name: string; user: string; role: string; first_joined: number; last_left: number; minutes: number; visits: readonly string[] }>;

/** Who was in a room, and how long. */
export type Attendance = Readonly<{ timezone: string; generated_at: number; people: readonly Attended[]; visits: readonly Visit[] }>;

const visit = object<Visit>({
	id: text,
	name: text,
	user: optional(text, ''),
	role: optional(text, ''),
	joined: instant,
	media_up: optional(instant, 0),
	left: optional(instant, 0),
	reason: optional(text, ''),
	minutes: optional(amount, 0),
	interruptions: optional(amount, 0),
	away_seconds: optional(amount, 0),
});

const attended = object<Attended>({
	name: text,
	user: optional(text, ''),
	role: optional(text, ''),
	first_joined: instant,
	last_left: optional(instant, 0),
	minutes: optional(amount, 0),
	visits: optional(list(text), []),
});

const attendance = object<Attendance>({ timezone: optional(text, 'UTC'), generated_at: instant, people: list(attended), visits: list(visit) });

/** The attendance report of a room. */
export function getAttendance(id: string, signal: AbortSignal): Promise<Attendance> {
	return get(`${room(id)}/attendance`, attendance, signal);
}

/** Where the report is as CSV; with a byte order mark, for spreadsheets. */
export function attendanceCsvUrl(id: string): string {
	return `/api/v1${room(id)}/attendance.csv?bom=1`;
}

/** Something that happened in a room. */
export type RoomEvent = Readonly<{ id: string; type: string; seq: number; at: number; name: string; role: string; by: string; reason: string; end: number }>;

const roomEvent: Shape<RoomEvent> = object<RoomEvent>({
	id: text,
	type: text,
	seq: amount,
	at: instant,
	name: optional(text, ''),
	role: optional(text, ''),
	by: optional(text, ''),
	reason: optional(text, ''),
	end: optional(instant, 0),
});

const eventPage = object<Readonly<{ events: readonly RoomEvent[]; next: number }>>({ events: list(roomEvent), next: optional(amount, 0) });

/** The events of a room after a number, oldest first. */
export function listEvents(id: string, after: number, signal: AbortSignal): Promise<Readonly<{ events: readonly RoomEvent[]; next: number }>> {
	return get(`${room(id)}/events${query({ after, limit: 500 })}`, eventPage, signal);
}

/** Where the events of a room are streamed from. */
export function eventStreamUrl(id: string): string {
	return `/api/v1${room(id)}/events`;
}
