import { createLevels, createStore, DEFAULT_PREFERENCES } from '../src/client';
import type { Board, Inspection, Client, ClientState, DeviceControl, Devices, Meeting, Participant, Preferences, ShownReaction, Upload, WritableStore } from '../src/client';
import { hueOf } from '../src/design';

const NAMES = ['Maya Lindqvist', 'Jonas', 'Priya Raman', 'Tomás Alvarez', 'Aiko Tanaka', 'Ben Okafor', 'Charlotte de Villiers-Montgomery', 'Noor', 'Sam Lee', 'Zoë Brandt', 'Ivan Petrov', 'Lucía Fernández'];

/** A meeting of count participants, of whom the first is the viewer. */
export function fakeMeeting(count: number, more: Partial<Meeting> = {}): Meeting {
	const participants = Array.from({ length: count }, (_, index): Participant => ({
		id: `p${index + 1}`,
		number: index + 1,
		name: NAMES[index % NAMES.length] ?? 'Somebody',
		role: index === 0 ? 'host' : 'speaker',
		connected: true,
		joined_at: new Date(Date.now() - 600_000).toISOString(),
		sources: [
			...(index % 4 === 3 ? [] : [{ source: 'camera', muted: false } as const]),
			{ source: 'microphone', muted: index % 3 === 2 },
		],
	}));
	return {
		self: 'p1',
		role: 'host',
		room: { id: '1.f3a0', title: 'Quarterly planning with the harbour team', ends_at: new Date(Date.now() + 2_520_000).toISOString(), locked: false, lobby: false, recording_policy: 'manual', audience_may: ['chat', 'hand', 'reaction'] },
		participants,
		recording: { on: false },
		chat: [],
		lobby: [],
		announcements: [],
		seats: [],
		floor: ['p2'],
		seq: 1,
		direct: 0,
		files: { ticket: 't', max_size: 100_000_000 },
		clockOffsetMs: 0,
		...more,
	};
}

const fakeInspection: Inspection = {
	rttMs: 38,
	availableBitrate: 2_400_000,
	protocol: 'udp host',
	sent: [
		{ kind: 'audio', bitrate: 32_000, loss: 0, codec: 'opus' },
		{ kind: 'video', bitrate: 480_000, loss: 0.01, width: 640, height: 360, framesPerSecond: 30, codec: 'VP8', layer: 'h' },
		{ kind: 'video', bitrate: 1_400_000, loss: 0.01, width: 1280, height: 720, framesPerSecond: 24, codec: 'VP8', layer: 'f', limited: 'cpu' },
	],
	received: [
		{ kind: 'video', participant: 'p2', source: 'camera', bitrate: 1_100_000, loss: 0, width: 1280, height: 720, framesPerSecond: 30, codec: 'VP8' },
		{ kind: 'audio', participant: 'p2', source: 'camera', bitrate: 33_000, loss: 0, codec: 'opus' },
		{ kind: 'video', participant: 'p3', source: 'camera', bitrate: 210_000, loss: 0.12, width: 320, height: 180, framesPerSecond: 9, codec: 'VP8' },
	],
};

/** A client that shows a state and does nothing. */
export function fakeClient(meeting: Meeting, more: Partial<ClientState> = {}, reactions: readonly ShownReaction[] = [], uploads: readonly Upload[] = []): Client {
	const nothing = () => undefined;
	const state = createStore<ClientState>({
		link: { kind: 'open' },
		meeting,
		waiting: undefined,
		media: 'connected',
		quality: 'good',
		soundBlocked: false,
		sharing: false,
		over: undefined,
		...more,
	});
	return {
		state,
		board: fakeBoard(meeting),
		inspection: createStore<Inspection | undefined>(fakeInspection),
		weak: createStore<ReadonlySet<string>>(new Set(['p3'])),
		screen: createStore<MediaStreamTrack | undefined>(more.sharing === true ? paintScreen().captureStream(5).getVideoTracks()[0] : undefined),
		levels: { bind: (id, element) => (element.style.setProperty('--level', meeting.floor.includes(id) ? '0.8' : '0'), nothing) },
		reactions: createStore(reactions),
		setView: nothing,
		say: nothing,
		record: nothing,
		consent: nothing,
		endForAll: nothing,
		raiseHand: nothing,
		react: nothing,
		moderate: nothing,
		admit: nothing,
		admitAll: nothing,
		deny: nothing,
		sendToLobby: nothing,
		remove: nothing,
		setRole: nothing,
		handOver: nothing,
		spotlight: nothing,
		uploads: { list: createStore(uploads), send: nothing, cancel: nothing },
		setLobby: nothing,
		lock: nothing,
		extend: nothing,
		share: () => Promise.resolve(),
		stopSharing: nothing,
		playSound: nothing,
		leave: () => state.update((old) => ({ ...old, over: { reason: 'left' } })),
	};
}

function fakeBoard(meeting: Meeting): Board {
	const nothing = () => undefined;
	return {
		adopt: nothing,
		apply: () => Promise.resolve(),
		attach: (id, source, { tile, host }) => {
			const on = meeting.participants.find((one) => one.id === id)?.sources.some((state) => state.source === source) === true;
			tile.dataset['state'] = on ? 'picture' : 'avatar';
			if (!on) return nothing;
			const video = document.createElement('video');
			video.muted = video.autoplay = video.playsInline = true;
			video.srcObject = (source === 'screen' ? paintScreen() : paintFace(hueOf(id))).captureStream(5);
			host.append(video);
			return () => video.remove();
		},
		seatTracks: () => [],
		voiceOf: nothing,
		setOutput: () => Promise.resolve(true),
		play: () => Promise.resolve(),
		expectsPicture: () => false,
		heartbeat: () => 0,
		close: nothing,
	};
}

/** A client whose tiles all play one small camera, and whose roster can be changed: for measuring. */
export function benchClient(count: number, camera: MediaStream): { client: Client; come: () => void; leave: () => void } {
	const meeting = fakeMeeting(count);
	const everybody = meeting.participants.map((one): Participant => ({ ...one, sources: [{ source: 'camera', muted: false }, { source: 'microphone', muted: false }] }));
	const client = fakeClient({ ...meeting, participants: everybody });
	const ended = new AbortController();
	const levels = createLevels((id) => Math.abs(Math.sin(performance.now() / 300 + id.length)) * 0.2, ended.signal);
	const attach: Board['attach'] = (_id, _source, { tile, host }) => {
		const video = document.createElement('video');
		video.muted = video.autoplay = video.playsInline = true;
		video.srcObject = camera;
		tile.dataset['state'] = 'picture';
		host.append(video);
		return () => {
			video.srcObject = null;
			video.remove();
		};
	};
	const state = client.state as WritableStore<ClientState>;
	const change = (participants: readonly Participant[]) => state.update((old) => (old.meeting === undefined ? old : { ...old, meeting: { ...old.meeting, participants } }));
	let next = count;
	return {
		client: { ...client, levels, board: { ...client.board, attach } },
		come: () => {
			next += 1;
			const guest = everybody[1];
			if (guest !== undefined) change([...everybody, { ...guest, id: `p${next}`, number: next, name: `Guest ${next}` }]);
		},
		leave: () => change(everybody),
	};
}

/** A track with a painted face, for the viewer's own picture. */
export function fakeCamera(): MediaStreamTrack | undefined {
	return paintFace(hueOf('p1')).captureStream(5).getVideoTracks()[0];
}

/** Devices that are on or off and never really open. */
export function fakeDevices(more: Partial<Devices> = {}): DeviceControl {
	const track = fakeCamera();
	const done = () => Promise.resolve();
	const state = createStore<Devices>({
		microphone: { kind: 'off' },
		camera: track === undefined ? { kind: 'off' } : { kind: 'on', track, muted: false },
		microphones: [
			{ id: 'default', label: 'Default - MacBook Pro Microphone (Built-in)' },
			{ id: 'b', label: 'Jabra Evolve2 65' },
		],
		cameras: [{ id: 'c', label: 'FaceTime HD Camera' }],
		speakers: [{ id: 'default', label: 'Default - Speakers' }],
		microphoneId: 'default',
		cameraId: 'c',
		...more,
	});
	return { state, start: done, unmute: done, mute: () => undefined, turnCameraOn: done, turnCameraOff: () => undefined, chooseMicrophone: done, chooseCamera: done, setPreferences: done, cameraControls: () => [{ kind: 'switch', name: 'backgroundBlur', on: false }, { kind: 'range', name: 'zoom', min: 1, max: 4, step: 0.1, value: 1.6 }, { kind: 'range', name: 'brightness', min: 0, max: 255, step: 1, value: 120 }], turnControl: done, refresh: done };
}

export const fakePreferences: Preferences = { ...DEFAULT_PREFERENCES, name: 'Maya Lindqvist', speakerId: 'default' };

type Paint = (context: CanvasRenderingContext2D, width: number, height: number) => void;

/** A canvas that is painted again and again, for a stream of it sends only what changes. */
function paint(width: number, height: number, draw: Paint): HTMLCanvasElement {
	const canvas = document.createElement('canvas');
	canvas.width = width;
	canvas.height = height;
	const context = canvas.getContext('2d');
	if (context === null) return canvas;
	draw(context, width, height);
	setInterval(() => draw(context, width, height), 200);
	return canvas;
}

function paintFace(hue: number): HTMLCanvasElement {
	return paint(640, 360, (context, width, height) => {
		const wall = context.createLinearGradient(0, 0, width, height);
		wall.addColorStop(0, `oklch(0.8 0.05 ${hue})`);
		wall.addColorStop(1, `oklch(0.5 0.07 ${hue + 40})`);
		context.fillStyle = wall;
		context.fillRect(0, 0, width, height);
		context.fillStyle = `oklch(0.9 0.03 ${hue + 90} / 0.6)`;
		context.fillRect(60, 40, 130, 150);
		context.fillStyle = `oklch(0.4 0.09 ${hue + 180})`;
		context.beginPath();
		context.ellipse(320, 380, 170, 150, 0, 0, 7);
		context.fill();
		context.fillStyle = 'oklch(0.76 0.07 55)';
		context.beginPath();
		context.ellipse(320, 175, 72, 92, 0, 0, 7);
		context.fill();
		context.fillStyle = 'oklch(0.3 0.04 50)';
		context.beginPath();
		context.ellipse(320, 120, 80, 58, 0, 3.1, 6.3);
		context.fill();
	});
}

function paintScreen(): HTMLCanvasElement {
	return paint(1280, 720, (context, width, height) => {
		context.fillStyle = 'white';
		context.fillRect(0, 0, width, height);
		context.fillStyle = 'oklch(0.3 0.05 250)';
		context.font = '600 40px system-ui';
		context.fillText('Berth utilisation, last quarter', 80, 110);
		for (let index = 0; index < 12; index++) {
			const bar = 80 + ((index * 97) % 330);
			context.fillStyle = index === 7 ? 'oklch(0.6 0.18 30)' : 'oklch(0.62 0.1 230)';
			context.fillRect(90 + index * 92, 620 - bar, 60, bar);
		}
	});
}
