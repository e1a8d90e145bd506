import { amount, dictionary, flag, instant, list, localPath, object, oneOf, optional, text } from './shape';
import type { Shape } from './shape';

/** Who is logged in. An admin sees everything, a host their own. */
export type User = Readonly<{ id: number; name: string; role: 'admin' | 'host' }>;

/** Whether a room is recorded: by hand, from the first who enters, microphones only by hand, or never. */
export type RecordingPolicy = 'manual' | 'automatic' | 'voice' | 'off';

/** What somebody becomes who comes by the plain link. */
export type GuestRole = 'speaker' | 'audience';

/** What the audience may do beside listening. */
export type AudienceRight = 'chat' | 'hand' | 'reaction';

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
	/** The most participants at once; 0 is the server's own limit. */
	capacity: number;
	cancelled: boolean;
	has_passcode: boolean;
	lobby: boolean;
	recording_policy: RecordingPolicy;
	guest_role: GuestRole;
	audience_may: readonly AudienceRight[];
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
	/** Place among the hands ever raised, 0 while it is down. */
	hand: number;
}>;

/** Who is in a room now. A locked meeting lets no new guest in. */
export type Live = Readonly<{ participants: readonly Person[]; locked: boolean }>;

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
	/** Kept until an admin takes it back, whatever else says. */
	hold: boolean;
	problems: readonly Readonly<{ code: string; track: string; detail: string }>[];
	participants: readonly Speaker[];
	tracks: readonly Track[];
	derived: readonly Derived[];
}>;

/** A file made of a recording's tracks. */
export type Derived = Readonly<{ kind: string; path: string; title: string; type: string; bytes: number; sha256: string }>;

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
	capacity: optional(amount, 0),
	cancelled: optional(flag, false),
	has_passcode: optional(flag, false),
	lobby: optional(flag, false),
	recording_policy: optional(oneOf<RecordingPolicy>(['manual', 'automatic', 'voice', 'off'], 'manual'), 'manual'),
	guest_role: optional(oneOf<GuestRole>(['speaker', 'audience'], 'speaker'), 'speaker'),
	audience_may: optional(list(oneOf<AudienceRight>(['chat', 'hand', 'reaction'])), []),
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
	hand: optional(amount, 0),
});

export const participant: Shape<Person> = person;

export const live = object<Live>({ participants: list(person), locked: optional(flag, false) });

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

const derived = object<Derived>({ kind: text, path: text, title: optional(text, ''), type: optional(text, ''), bytes: optional(amount, 0), sha256: optional(text, '') });

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
	hold: optional(flag, false),
	problems: optional(list(object({ code: text, track: optional(text, ''), detail: optional(text, '') })), []),
	participants: optional(list(speaker), []),
	tracks: optional(list(track), []),
	derived: optional(list(derived), []),
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
