import type {
	Action,
	AudienceRight,
	ByeReason,
	ChatMessage,
	Emoji,
	ErrorCode,
	FileTerms,
	Participant,
	Reaction,
	RecordingNotice,
	RecordingPolicy,
	RecordingState,
	RecordingWarning,
	Role,
	RoomState,
	Seat,
	ServerMessage,
	SharedFile,
	Source,
	SourceState,
	VideoCodec,
	Waiter,
	WaitingRoom,
	WaitReason,
} from './protocol.gen';

type Decoder<T> = (value: unknown) => T;

const string: Decoder<string> = (value) => {
	if (typeof value !== 'string') throw new TypeError('not a string');
	return value;
};

const number: Decoder<number> = (value) => {
	if (typeof value !== 'number' || !Number.isFinite(value)) throw new TypeError('not a number');
	return value;
};

const boolean: Decoder<boolean> = (value) => {
	if (typeof value !== 'boolean') throw new TypeError('not a boolean');
	return value;
};

/** A list; null counts as empty, for that is how Go writes a nil slice. */
function list<T>(item: Decoder<T>): Decoder<T[]> {
	return (value) => {
		if (value === null || value === undefined) return [];
		if (!Array.isArray(value)) throw new TypeError('not a list');
		return value.map(item);
	};
}

function optional<T>(decoder: Decoder<T>): Decoder<T | undefined> {
	return (value) => (value === undefined || value === null ? undefined : decoder(value));
}

function oneOf<T extends string>(...words: readonly T[]): Decoder<T> {
	return (value) => {
		const word = words.find((candidate) => candidate === value);
		if (word === undefined) throw new TypeError('not a known word');
		return word;
	};
}

/** One of some words; one that a newer server knows counts as none. */
function known<T extends string>(...words: readonly T[]): Decoder<T | undefined> {
	return (value) => words.find((candidate) => candidate === value);
}

/** A list that may be absent. */
function optionalList<T>(item: Decoder<T>): Decoder<T[] | undefined> {
	return (value) => (value === undefined || value === null ? undefined : list(item)(value));
}

/** An object with exactly the named fields; others are dropped, absent optional ones stay absent. */
function object<T extends object>(fields: { [K in keyof T]-?: Decoder<T[K]> }): Decoder<T> {
	return (value) => {
		if (typeof value !== 'object' || value === null) throw new TypeError('not an object');
		const entries = Object.entries<Decoder<unknown>>(fields)
			.map(([key, decode]) => [key, decode((value as Record<string, unknown>)[key])] as const)
			.filter(([, field]) => field !== undefined);
		return Object.fromEntries(entries) as T;
	};
}

const source = oneOf<Source>('microphone', 'camera', 'screen', 'screen_audio');
const role = oneOf<Role>('host', 'speaker', 'audience');
const participant = object<Participant>({
	id: string,
	number,
	name: string,
	role,
	sources: list(object<SourceState>({ source, muted: boolean })),
	connected: boolean,
	joined_at: string,
	hand: optional(number),
	spotlight: optional(number),
});
const emoji = oneOf<Emoji>('👍', '❤️', '👏', '😂', '😮', '🎉', '🤔', '👎');
const roomFields = {
	id: string,
	title: string,
	ends_at: string,
	closes_at: optional(string),
	locked: boolean,
	lobby: boolean,
	recording_policy: oneOf<RecordingPolicy>('manual', 'automatic', 'voice', 'off'),
	audience_may: list(oneOf<AudienceRight>('chat', 'hand', 'reaction')),
};
const waitReason = oneOf<WaitReason>('lobby', 'sent_back');
const waiter = object<Waiter>({ id: string, name: string, role, reason: waitReason, since: string, connected: boolean });
const recordingFields = { on: boolean, id: optional(string), started_at: optional(string), by: optional(string), paused: optional(boolean), paused_by: optional(string), notice: optional(string), notice_code: known<RecordingNotice>('disk_full', 'limit', 'quota', 'slow_disk', 'policy', 'not_begun', 'problem'), warning: optional(string), warning_code: known<RecordingWarning>('slow_disk', 'disk_low', 'silent'), silent: optionalList(string) };
const sharedFile = object<SharedFile>({ id: string, name: string, size: number, picture: boolean });
const chatFields = { from: string, name: string, text: string, at: string, file: optional(sharedFile) };
const re = optional(number);

type Body<K extends ServerMessage['type']> = Omit<Extract<ServerMessage, { type: K }>, 'type'>;

const bodies: { [K in ServerMessage['type']]: Decoder<Body<K>> } = {
	joined: object<Body<'joined'>>({
		re,
		participant: string,
		resume_token: string,
		role,
		answer: string,
		room: object<RoomState>(roomFields),
		roster: list(participant),
		roster_more: optional(number),
		recording: object<RecordingState>(recordingFields),
		chat: list(object<ChatMessage>(chatFields)),
		files: optional(object<FileTerms>({ ticket: string, max_size: number })),
		seq: number,
		now: string,
	}),
	roster_page: object<Body<'roster_page'>>({ rows: list(participant), more: optional(number) }),
	resumed: object<Body<'resumed'>>({ re, now: string }),
	answer: object<Body<'answer'>>({ re, answer: string }),
	roster: object<Body<'roster'>>({ seq: number, changed: list(participant), left: list(string) }),
	seats: object<Body<'seats'>>({
		epoch: number,
		seats: list(
			object<Seat>({ seat: number, participant: optional(string), source: optional(source), video: boolean, undecodable: optional(boolean), from: optional(number) }),
		),
	}),
	encodings: object<Body<'encodings'>>({ source, layers: number }),
	codec: object<Body<'codec'>>({ source, codec: oneOf<VideoCodec>('vp8', 'h264', 'vp9', 'av1') }),
	floor: object<Body<'floor'>>({ participants: list(string) }),
	chat: object<Body<'chat'>>({ seq: number, ...chatFields }),
	direct: object<Body<'direct'>>({ number, ...chatFields, to: string, to_name: string }),
	recording: object<Body<'recording'>>({ seq: number, ...recordingFields }),
	room: object<Body<'room'>>({ seq: number, ...roomFields }),
	reactions: object<Body<'reactions'>>({ reactions: list(object<Reaction>({ emoji, count: number, participants: list(string) })) }),
	moderated: object<Body<'moderated'>>({
		action: oneOf<Action>(
			'mute',
			'mute_all',
			'ask_to_unmute',
			'stop_camera',
			'stop_screen',
			'lower_hand',
			'make_host',
			'remove',
			'set_role',
			'hand_over',
			'admit',
			'admit_all',
			'deny',
			'send_to_lobby',
		),
		by: string,
		role: optional(role),
	}),
	waiting: object<Body<'waiting'>>({
		re,
		resume_token: string,
		name: string,
		reason: waitReason,
		room: object<WaitingRoom>({ id: string, title: string, ends_at: string }),
		offer_wanted: boolean,
		host_present: boolean,
		now: string,
	}),
	lobby: object<Body<'lobby'>>({ waiting: list(waiter) }),
	announcement: object<Body<'announcement'>>({ from: string, text: string, at: string, private: boolean }),
	error: object<Body<'error'>>({
		re,
		code: oneOf<ErrorCode>(
			'bad_message',
			'not_joined',
			'forbidden',
			'resume_expired',
			'bad_offer',
			'too_many',
			'record_failed',
			'room_full',
			'room_locked',
			'not_here',
			'too_long',
			'not_open',
			'passcode_needed',
			'passcode_wrong',
			'link_expired',
			'waiting',
			'internal',
		),
		message: string,
		retry_after: optional(number),
		opens_at: optional(string),
	}),
	bye: object<Body<'bye'>>({ reason: oneOf<ByeReason>('left', 'ended', 'replaced', 'shutdown', 'slow', 'removed', 'denied', 'revoked', 'violated'), message: string }),
};

/**
 * Reads one message of the server. It returns undefined for what is not JSON,
 * has a type that this page does not know (a newer server), or lacks a field.
 */
export function decodeServerMessage(text: string): ServerMessage | undefined {
	try {
		const value: unknown = JSON.parse(text);
		const { type } = object<{ type: string }>({ type: string })(value);
		if (!Object.hasOwn(bodies, type)) return undefined;
		const body: object = bodies[type as ServerMessage['type']](value);
		return { type, ...body } as ServerMessage;
	} catch {
		return undefined;
	}
}
