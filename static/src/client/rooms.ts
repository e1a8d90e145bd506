import { VIDEO_CODECS } from './codecs';
import type { RecordingPolicy, VideoCodec } from './protocol.gen';

/** What the pre-join page knows about a room before it enters. */
export type Lobby = Readonly<{
	id: string;
	title: string;
	host: string;
	startsAt: number;
	endsAt: number;
	/** Names of who is inside, at most twenty. */
	participants: readonly string[];
	count: number;
	recording: boolean;
	/** A host lets no new guest in. */
	locked: boolean;
	/** Who joins without a token is asked for a passcode. */
	hasPasscode: boolean;
	/** Who joins without a host's token waits until a host lets them in. */
	waits: boolean;
	/** How the room is recorded: `automatic` begins with the first who enters. */
	recordingPolicy: RecordingPolicy;
	/** The formats of pictures the server agrees on; undefined when it does not say. */
	videoCodecs: readonly VideoCodec[] | undefined;
	/** Add it to this page's clock to get the server's, in milliseconds. */
	clockOffsetMs: number;
}>;

/** What asking for the lobby gave. */
export type LobbyAnswer = Readonly<{ kind: 'open'; lobby: Lobby } | { kind: 'gone' } | { kind: 'unreachable' }>;

/** Asks the server about a room. */
export async function fetchLobby(room: string, signal: AbortSignal, nowMs: () => number = Date.now): Promise<LobbyAnswer> {
	try {
		const response = await fetch(`/api/v1/rooms/${encodeURIComponent(room)}/lobby`, { signal, cache: 'no-store' });
		if (response.status === 404 || response.status === 410) return { kind: 'gone' };
		if (!response.ok) return { kind: 'unreachable' };
		const lobby = decodeLobby(await response.json(), nowMs());
		return lobby === undefined ? { kind: 'unreachable' } : { kind: 'open', lobby };
	} catch {
		return { kind: 'unreachable' };
	}
}

/** Reads the answer of the lobby route; undefined when it is not one. */
export function decodeLobby(value: unknown, nowMs: number): Lobby | undefined {
	if (typeof value !== 'object' || value === null) return undefined;
	const fields = value as Readonly<Record<string, unknown>>;
	const { id, title, host, starts_at: starts, ends_at: ends, now, participants, count, recording, locked } = fields;
	const policy = fields['recording_policy'];
	const codecs: unknown = fields['video_codecs'];
	if (typeof id !== 'string' || typeof title !== 'string' || typeof starts !== 'string' || typeof ends !== 'string') return undefined;
	const [startsAt, endsAt] = [Date.parse(starts), Date.parse(ends)];
	if (Number.isNaN(startsAt) || Number.isNaN(endsAt)) return undefined;
	const names = Array.isArray(participants) ? participants.filter((name) => typeof name === 'string') : [];
	const serverNow = typeof now === 'string' ? Date.parse(now) : Number.NaN;
	return {
		id,
		title,
		host: typeof host === 'string' ? host : '',
		startsAt,
		endsAt,
		participants: names,
		count: typeof count === 'number' ? count : names.length,
		recording: recording === true,
		locked: locked === true,
		hasPasscode: fields['has_passcode'] === true,
		waits: fields['lobby'] === true,
		recordingPolicy: (['automatic', 'voice', 'off'] as const).find((one) => one === policy) ?? 'manual',
		videoCodecs: Array.isArray(codecs) ? VIDEO_CODECS.filter((codec) => codecs.includes(codec)) : undefined,
		clockOffsetMs: Number.isNaN(serverNow) ? 0 : serverNow - nowMs,
	};
}

/** The room id in a meeting page's path, or undefined when there is none. */
export function roomOf(path: string): string | undefined {
	const id = /^\/meeting\/([^/]+)\/?$/.exec(path)?.[1];
	try {
		return id === undefined ? undefined : decodeURIComponent(id);
	} catch {
		return undefined;
	}
}

/** The host token in a URL's fragment, or undefined. */
export function hostTokenOf(hash: string): string | undefined {
	const token = new URLSearchParams(hash.replace(/^#/, '')).get('host');
	return token === null || token === '' ? undefined : token;
}

/** The token in a URL's fragment, of a host link or a join link, or undefined. */
export function tokenOf(hash: string): string | undefined {
	const token = new URLSearchParams(hash.replace(/^#/, '')).get('join');
	return token === null || token === '' ? hostTokenOf(hash) : token;
}

/** The address of a room's meeting socket. */
export function socketUrl(room: string, origin: string): string {
	return `${origin.replace(/^http/, 'ws')}/api/v1/rooms/${encodeURIComponent(room)}/ws`;
}

/** How many participants the address asks to receive at most (`?seats=4`, for weak devices), if it does. */
export function mostSeatsOf(search: string): number | undefined {
	const seats = Number(new URLSearchParams(search).get('seats') ?? NaN);
	return Number.isInteger(seats) && seats > 0 ? Math.min(seats, 49) : undefined;
}
