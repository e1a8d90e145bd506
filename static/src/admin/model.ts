import { amount, dictionary, flag, instant, list, localPath, object, oneOf, optional, text } from './shape';
import type { Shape } from './shape';

/** Who is logged in. An admin sees everything, a host their own. */
export type User = Readonly<{ id: number; name: string; role: 'admin' | 'host' }>;

/** A reserved room. Times are milliseconds since 1970. */
export type Room = Readonly<{
	id: string;
	title: string;
	description: string;
	creator: Readonly<{ id: number; name: string }>;
	start: number;
	end: number;
	/** Minutes that were reserved. */
	duration: number;
	timezone: string;
	meeting_url: string;
	/** The meeting's path with the host token in its fragment. */
	host_url: string;
	participants: number;
	recording: boolean;
}>;

/** One page of a listing; next is "" on the last. */
export type RoomPage = Readonly<{ rooms: readonly Room[]; next: string }>;

export type SourceName = 'microphone' | 'camera' | 'screen' | 'screen_audio' | 'other';

/** Somebody who is in a room now. */
export type Person = Readonly<{
	id: string;
	name: string;
	role: string;
	joined_at: number;
	connected: boolean;
	sources: readonly Readonly<{ source: SourceName; muted: boolean }>[];
}>;

export type GapReason = 'mute' | 'off' | 'loss' | 'slow_disk' | 'pause' | 'other';

/** A stretch of a recording without content of one track, on the recording's timeline. */
export type Gap = Readonly<{ from_us: number; to_us: number; reason: GapReason }>;

/** One file of a recording: what one source of one participant sent. */
export type Track = Readonly<{
	id: string;
	participant: string;
	source: SourceName;
	codec: string;
	path: string;
	start_us: number;
	duration_us: number;
	bytes: number;
	sha256: string;
	state: 'open' | 'final' | 'repaired';
	width: number;
	height: number;
	gaps: readonly Gap[];
	stats: Readonly<{ packets: number; lost: number; frames: number; dropped_frames: number; keyframe_requests: number }>;
}>;

export type RecordingState = 'recording' | 'finalizing' | 'ready' | 'degraded' | 'failed';

/** Somebody who was heard or seen in a recording. */
export type Speaker = Readonly<{
	id: string;
	name: string;
	sessions: readonly Readonly<{ join_us: number; leave_us: number }>[];
}>;

/** A recording as its manifest describes it. */
export type Recording = Readonly<{
	id: string;
	room: string;
	title: string;
	creator_id: number;
	state: RecordingState;
	started_by: string;
	stop_reason: string;
	t0_utc: number;
	duration_us: number;
	participants: readonly Speaker[];
	tracks: readonly Track[];
}>;

/** A client that waits on /attendance/ for messages. ip and port are "" and 0 for those who may not see them. */
export type Attendant = Readonly<{
	channel_name: string;
	ip: string;
	port: number;
	user: string;
	details: Readonly<Record<string, string>>;
	connected_at: number;
}>;

const user = object<User>({ id: amount, name: text, role: oneOf(['admin', 'host']) });

export const session: Shape<Readonly<{ user: User }>> = object({ user });

export const room = object<Room>({
	id: text,
	title: optional(text, ''),
	description: optional(text, ''),
	creator: object({ id: amount, name: text }),
	start: instant,
	end: instant,
	duration: amount,
	timezone: text,
	meeting_url: localPath,
	host_url: localPath,
	participants: optional(amount, 0),
	recording: optional(flag, false),
});

export const roomPage = object<RoomPage>({ rooms: list(room), next: optional(text, '') });

const source = oneOf<SourceName>(['microphone', 'camera', 'screen', 'screen_audio', 'other'], 'other');

const person = object<Person>({
	id: text,
	name: text,
	role: optional(text, ''),
	joined_at: instant,
	connected: flag,
	sources: optional(list(object({ source, muted: optional(flag, false) })), []),
});

export const people: Shape<Readonly<{ participants: readonly Person[] }>> = object({ participants: list(person) });

const gap = object<Gap>({
	from_us: amount,
	to_us: amount,
	reason: oneOf<GapReason>(['mute', 'off', 'loss', 'slow_disk', 'pause', 'other'], 'other'),
});

const noStats = { packets: 0, lost: 0, frames: 0, dropped_frames: 0, keyframe_requests: 0 };
const tally = optional(amount, 0);

const track = object<Track>({
	id: text,
	participant: text,
	source,
	codec: optional(text, ''),
	path: text,
	start_us: optional(amount, 0),
	duration_us: optional(amount, 0),
	bytes: optional(amount, 0),
	sha256: optional(text, ''),
	state: oneOf(['open', 'final', 'repaired']),
	width: optional(amount, 0),
	height: optional(amount, 0),
	gaps: optional(list(gap), []),
	stats: optional(object({ packets: tally, lost: tally, frames: tally, dropped_frames: tally, keyframe_requests: tally }), noStats),
});

const speaker = object<Speaker>({
	id: text,
	name: text,
	sessions: optional(list(object({ join_us: amount, leave_us: optional(amount, 0) })), []),
});

export const recording = object<Recording>({
	id: text,
	room: text,
	title: optional(text, ''),
	creator_id: optional(amount, 0),
	state: oneOf(['recording', 'finalizing', 'ready', 'degraded', 'failed']),
	started_by: optional(text, ''),
	stop_reason: optional(text, ''),
	t0_utc: instant,
	duration_us: optional(amount, 0),
	participants: optional(list(speaker), []),
	tracks: optional(list(track), []),
});

export const recordings: Shape<Readonly<{ recordings: readonly Recording[] }>> = object({ recordings: list(recording) });

const attendant = object<Attendant>({
	channel_name: text,
	ip: optional(text, ''),
	port: optional(amount, 0),
	user: optional(text, ''),
	details: optional(dictionary(text), {}),
	connected_at: instant,
});

export const attendants: Shape<Readonly<{ attendants: readonly Attendant[] }>> = object({ attendants: list(attendant) });
