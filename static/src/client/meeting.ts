import type { Announcement, ChatMessage, Direct, FileTerms, Joined, Participant, Recording, RecordingState, Role, RoomState, Seat, ServerMessage, Source, SourceState, Waiter, Waiting, WaitReason } from './protocol.gen';

/** A line of the chat. One with an addressee was written to them alone. */
export type ChatLine = Readonly<ChatMessage & { to?: string; toName?: string }>;

/** What the server has told about the meeting. Changed by reduce only. */
export type Meeting = Readonly<{
	/** The participant id of this page. */
	self: string;
	/** As the own row of the roster says: a host may make others hosts. */
	role: Role;
	room: Readonly<RoomState>;
	/** In the order of joining. */
	participants: readonly Participant[];
	recording: Readonly<RecordingState>;
	chat: readonly ChatLine[];
	/** The number of the last private line seen. */
	direct: number;
	/** How files are shared; undefined where they are not. */
	files: Readonly<FileTerms> | undefined;
	/** Who waits to be let in, in the order they came; only hosts are told. */
	lobby: readonly Waiter[];
	/** What those who look after the room had to say since the page joined, oldest first. */
	announcements: readonly Announcement[];
	seats: readonly Seat[];
	/** Who is audible, loudest first. */
	floor: readonly string[];
	/** The number of the last event seen. */
	seq: number;
	/** Add it to this page's clock to get the server's, in milliseconds. */
	clockOffsetMs: number;
}>;

/** The most chat lines a page keeps. */
export const CHAT_LIMIT = 2000;

/** The most announcements a page keeps. */
export const ANNOUNCEMENT_LIMIT = 100;

/** The meeting as a joined message describes it; nowMs is this page's clock. */
export function meetingOf(joined: Joined, nowMs: number): Meeting {
	return {
		self: joined.participant,
		role: joined.role,
		room: joined.room,
		participants: joined.roster,
		recording: joined.recording,
		chat: joined.chat,
		direct: 0,
		files: joined.files,
		lobby: [],
		announcements: [],
		seats: [],
		floor: [],
		seq: joined.seq,
		clockOffsetMs: clockOffset(joined.now, nowMs),
	};
}

/** The meeting after a message. An event that was seen before (after a resume) changes nothing. */
export function reduce(meeting: Meeting, message: ServerMessage, nowMs: number): Meeting {
	if ('seq' in message && message.type !== 'joined') {
		if (message.seq <= meeting.seq) return meeting;
		return { ...reduceEvent(meeting, message), seq: message.seq };
	}
	switch (message.type) {
		case 'joined':
			return meetingOf(message, nowMs);
		case 'roster_page':
			return { ...meeting, participants: addPage(meeting.participants, message.rows) };
		case 'resumed':
			return { ...meeting, lobby: [], clockOffsetMs: clockOffset(message.now, nowMs) };
		case 'lobby':
			return { ...meeting, lobby: message.waiting };
		case 'seats':
			return { ...meeting, seats: message.seats };
		case 'direct':
			return message.number <= meeting.direct ? meeting : { ...meeting, direct: message.number, chat: withDirect(meeting.chat, message) };
		case 'floor':
			return { ...meeting, floor: message.participants };
		case 'announcement': {
			const { from, text, at, private: alone } = message;
			return { ...meeting, announcements: [...meeting.announcements, { from, text, at, private: alone }].slice(-ANNOUNCEMENT_LIMIT) };
		}
		default:
			return meeting;
	}
}

function reduceEvent(meeting: Meeting, event: Extract<ServerMessage, { seq: number }>): Meeting {
	switch (event.type) {
		case 'roster': {
			const role = event.changed.find(({ id }) => id === meeting.self)?.role ?? meeting.role;
			const lobby = role === 'host' ? meeting.lobby : [];
			return { ...meeting, role, lobby, participants: mergeRoster(meeting.participants, event.changed, event.left) };
		}
		case 'chat': {
			return { ...meeting, chat: [...meeting.chat, lineOf(event)].slice(-CHAT_LIMIT) };
		}
		case 'recording':
			return { ...meeting, recording: recordingOf(event) };
		case 'room': {
			const { id, title, ends_at, closes_at, locked, lobby, recording_policy, audience_may } = event;
			const room = { id, title, ends_at, locked, lobby, recording_policy, audience_may };
			return { ...meeting, room: closes_at === undefined ? room : { ...room, closes_at } };
		}
		case 'joined':
			return meeting;
	}
}

function lineOf({ from, name, text, at, file }: ChatMessage): ChatLine {
	return { from, name, text, at, ...(file === undefined ? {} : { file }) };
}

/** The chat with a private line in its place: after a resume it may come behind younger ones. */
function withDirect(chat: readonly ChatLine[], direct: Direct): readonly ChatLine[] {
	const line = { ...lineOf(direct), to: direct.to, toName: direct.to_name };
	const younger = chat.findIndex(({ at }) => Date.parse(at) > Date.parse(line.at));
	return (younger === -1 ? [...chat, line] : [...chat.slice(0, younger), line, ...chat.slice(younger)]).slice(-CHAT_LIMIT);
}

function recordingOf(event: Recording): RecordingState {
	const { on, id, started_at, by, paused, paused_by, notice, notice_code, warning, warning_code, silent } = event;
	return {
		on,
		...(id === undefined ? {} : { id }),
		...(started_at === undefined ? {} : { started_at }),
		...(by === undefined ? {} : { by }),
		...(paused === undefined ? {} : { paused }),
		...(paused_by === undefined ? {} : { paused_by }),
		...(notice === undefined ? {} : { notice }),
		...(notice_code === undefined ? {} : { notice_code }),
		...(warning === undefined ? {} : { warning }),
		...(warning_code === undefined ? {} : { warning_code }),
		...(silent === undefined ? {} : { silent }),
	};
}

/** The roster after rows changed and participants left; a row keeps its place, a new one comes last. */
export function mergeRoster(rows: readonly Participant[], changed: readonly Participant[], left: readonly string[]): readonly Participant[] {
	const gone = new Set(left);
	const news = new Map(changed.map((row) => [row.id, row]));
	const kept = rows.filter((row) => !gone.has(row.id)).map((row) => news.get(row.id) ?? row);
	const known = new Set(kept.map((row) => row.id));
	return [...kept, ...[...news.values()].filter((row) => !known.has(row.id) && !gone.has(row.id))];
}

/** True while a meeting may run over its end: its page is gone for others, and it goes on for those inside. */
export function runsOver(meeting: Meeting | undefined, nowMs: number): boolean {
	const closes = meeting?.room.closes_at;
	return meeting !== undefined && closes !== undefined && nowMs + meeting.clockOffsetMs < Date.parse(closes);
}

/** What a page in the lobby knows: it has not been let in yet, or was sent back. */
export type WaitingState = Readonly<{
	reason: WaitReason;
	/** The name the others will see: a link may have fixed it. */
	name: string;
	title: string;
	/** In milliseconds of the server's clock. */
	endsAt: number;
	/** Somebody is in the meeting who can let this page in. */
	hostPresent: boolean;
	/** Add it to this page's clock to get the server's, in milliseconds. */
	clockOffsetMs: number;
}>;

/** What a waiting message says; nowMs is this page's clock. */
export function waitingOf(message: Waiting, nowMs: number): WaitingState {
	const endsAt = Date.parse(message.room.ends_at);
	return {
		reason: message.reason,
		name: message.name,
		title: message.room.title,
		endsAt: Number.isNaN(endsAt) ? 0 : endsAt,
		hostPresent: message.host_present,
		clockOffsetMs: clockOffset(message.now, nowMs),
	};
}

/** The roster with more rows of it. They come in the order of joining, but for the own row, which came ahead. */
function addPage(rows: readonly Participant[], page: readonly Participant[]): readonly Participant[] {
	return [...mergeRoster(rows, page, [])].sort((a, b) => a.number - b.number);
}

/** What a participant's source does, or undefined while it is off. */
export function sourceOf(participant: Participant, source: Source): SourceState | undefined {
	return participant.sources.find((state) => state.source === source);
}

/** True when the participant's microphone is on and not muted. */
export function isHeard(participant: Participant): boolean {
	return sourceOf(participant, 'microphone')?.muted === false;
}

/** Who a host shows large to everybody, who has been shown longest first. */
export function spotlit(participants: readonly Participant[]): readonly Participant[] {
	return participants.filter(({ spotlight }) => spotlight !== undefined).sort((a, b) => (a.spotlight ?? 0) - (b.spotlight ?? 0));
}

/** The participants whose hands are up, in the order they went up. */
export function handsUp(participants: readonly Participant[]): readonly Participant[] {
	return participants.filter(({ hand }) => hand !== undefined).sort((a, b) => (a.hand ?? 0) - (b.hand ?? 0));
}

function clockOffset(serverNow: string, nowMs: number): number {
	const server = Date.parse(serverNow);
	return Number.isNaN(server) ? 0 : server - nowMs;
}
