import type { Board } from './board';
import type { DeviceControl } from './devices';
import type { Inspection } from './inspect';
import type { Levels } from './levels';
import type { Meeting, WaitingState } from './meeting';
import type { Action, ByeReason, ClientMessage, Emoji, ErrorCode, Role, VideoCodec } from './protocol.gen';
import type { Reactions } from './reactions';
import type { Link, Refusal } from './socket';
import type { Quality } from './stats';
import type { Store } from './store';
import type { Uploads } from './uploads';
import type { VisibleTile } from './view';

/** Why the meeting is over for this page. */
export type Over = Readonly<{ reason: Exclude<ByeReason, 'shutdown' | 'slow'> } | ({ reason: 'refused' } & Refusal)>;

/** How sound and picture flow: not yet, well, or not for the moment. */
export type MediaLink = 'connecting' | 'connected' | 'interrupted';

/** All that the meeting page draws from, beside the devices. */
export type ClientState = Readonly<{
	link: Link;
	/** What the server told; undefined until joined. */
	meeting: Meeting | undefined;
	/** Set while a host must let this page in; then there is no meeting. */
	waiting: WaitingState | undefined;
	media: MediaLink;
	quality: Quality;
	/** The browser plays no sound before a click. */
	soundBlocked: boolean;
	sharing: boolean;
	over: Over | undefined;
}>;

/** Something that happened once and deserves a word to the viewer. */
export type ClientEvent = Readonly<
	| { kind: 'error'; code: ErrorCode; message: string; about: ClientMessage['type'] | undefined }
	| { kind: 'moderated'; action: Action; by: string; role?: Role }
	| { kind: 'restarting' }
	| { kind: 'share_failed'; reason: 'cancelled' | 'failed' }
>;

/** A meeting as the page takes part in it. */
export type Client = Readonly<{
	state: Store<ClientState>;
	board: Board;
	levels: Levels;
	/** What participants react with, for the few seconds it is shown. */
	reactions: Reactions['shown'];
	/** What the connection does in figures, told anew every second. */
	inspection: Store<Inspection | undefined>;
	/** Whose sound or picture comes in badly. */
	weak: Store<ReadonlySet<string>>;
	/** The track of the viewer's own shared screen. */
	screen: Store<MediaStreamTrack | undefined>;
	/** Tells which tiles are on screen, most wanted first. */
	setView: (tiles: readonly VisibleTile[]) => void;
	/** Writes to everybody, or to one participant alone. */
	say: (text: string, to?: string) => void;
	/** The files on their way, and how to send more. */
	uploads: Uploads;
	/** Starts or stops the recording, or has the running one pause. */
	record: (on: boolean, paused?: boolean) => void;
	/** Answers to being recorded; a no holds for later recordings of this meeting too. */
	consent: (accept: boolean) => void;
	endForAll: () => void;
	raiseHand: (up: boolean) => void;
	react: (emoji: Emoji) => void;
	/** Acts on another participant, as a host. */
	moderate: (action: Action, participant?: string) => void;
	/** Lets in who waits in the lobby. */
	admit: (waiter: string) => void;
	/** Lets in all who wait, as far as there are places. */
	admitAll: () => void;
	/** Does not let in who waits; ban also refuses their link and browser from now on. */
	deny: (waiter: string, ban?: boolean) => void;
	/** Sends a participant out of the meeting, to be let in anew. */
	sendToLobby: (participant: string) => void;
	/** Removes a participant; ban also refuses a link that others came by as well. */
	remove: (participant: string, ban?: boolean) => void;
	setRole: (participant: string, role: Role) => void;
	/** Makes a participant host in this viewer's place. */
	handOver: (participant: string) => void;
	/** Shows a participant large to everybody, or no longer. */
	spotlight: (participant: string, on: boolean) => void;
	/** Has guests wait until a host lets them in, or lets in all who wait. */
	setLobby: (on: boolean) => void;
	lock: (on: boolean) => void;
	extend: (minutes: 15 | 30 | 60) => void;
	/** Call it first thing in a click handler. */
	share: () => Promise<void>;
	stopSharing: () => void;
	/** Starts sound that the browser held back. Call it in a click handler. */
	playSound: () => void;
	leave: () => void;
}>;

export type ClientOptions = Readonly<{
	room: string;
	name: string;
	token: string | undefined;
	/** The room's, when it asks for one: after a refusal with `passcode_needed` or `passcode_wrong`. */
	passcode?: string | undefined;
	devices: DeviceControl;
	/** The most participants to receive at a time; 49 when absent. */
	mostSeats?: number | undefined;
	/** The formats of pictures the server agrees on, if it said. */
	videoCodecs?: readonly VideoCodec[] | undefined;
	onEvent: (event: ClientEvent) => void;
	/** Ends the meeting for this page: says leave and gives everything back but the devices. */
	signal: AbortSignal;
}>;
