import type { Connection } from './connection';
import type { DeviceState } from './devices';
import type { Publish, Source } from './protocol.gen';
import type { ScreenShare } from './screen';

/** What the viewer gives to the meeting. */
export type Given = Readonly<{ microphone: DeviceState; camera: DeviceState; screen: ScreenShare | undefined }>;

/** What the audience gives. */
export const NOTHING: Given = { microphone: { kind: 'off' }, camera: { kind: 'off' }, screen: undefined };

/** What one source sends and says. */
export type Output = Readonly<{ track: MediaStreamTrack | null; on: boolean; muted: boolean }>;

/** Keeps senders and the server's word on them the same as the devices. */
export type Publisher = Readonly<{
	/** Takes a new connection, which sends nothing yet. */
	use: (connection: Pick<Connection, 'setTrack'>) => void;
	/** A new session has begun, in which everything is off. */
	joined: () => void;
	set: (given: Given) => void;
}>;

const OFF: Output = { track: null, on: false, muted: false };

/** What each source does, given the devices. */
export function outputsOf({ microphone, camera, screen }: Given): Readonly<Record<Source, Output>> {
	return {
		microphone: microphone.kind === 'on' ? { track: microphone.track, on: true, muted: microphone.muted } : OFF,
		camera: camera.kind === 'on' ? { track: camera.track, on: true, muted: false } : OFF,
		screen: screen === undefined ? OFF : { track: screen.video, on: true, muted: false },
		screen_audio: screen?.audio === undefined ? OFF : { track: screen.audio, on: true, muted: false },
	};
}

/** Returns a publisher that has no connection yet. */
export function createPublisher(send: (message: { type: 'publish' } & Publish) => void): Publisher {
	const sources = ['microphone', 'camera', 'screen', 'screen_audio'] as const;
	let connection: Pick<Connection, 'setTrack'> | undefined;
	let session = false;
	let wanted: Readonly<Record<Source, Output>> = outputsOf(NOTHING);
	let tracks = new Map<Source, MediaStreamTrack | null>();
	let told = new Map<Source, Output>();
	const settle = () => {
		for (const source of sources) {
			const output = wanted[source];
			if (connection !== undefined && (tracks.get(source) ?? null) !== output.track) {
				tracks.set(source, output.track);
				connection.setTrack(source, output.track).catch(() => undefined); // the connection was closed meanwhile
			}
			const last = told.get(source) ?? OFF;
			if (!session || (last.on === output.on && last.muted === output.muted)) continue;
			told.set(source, output);
			send({ type: 'publish', source, on: output.on, muted: output.muted });
		}
	};
	return {
		use: (next) => {
			connection = next;
			session = false;
			tracks = new Map();
			settle();
		},
		joined: () => {
			session = true;
			told = new Map();
			settle();
		},
		set: (given) => {
			wanted = outputsOf(given);
			settle();
		},
	};
}
