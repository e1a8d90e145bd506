import { constraintsFor, controlsOf } from './camera-controls';
import type { CameraControl } from './camera-controls';
import { problemOf } from './device-words';
import type { DeviceProblem } from './device-words';
import { createStore } from './store';
import type { Store, WritableStore } from './store';
import type { Preferences } from './preferences';

/** One device of the viewer. A muted microphone stays open, so that unmuting is at once. */
export type DeviceState = Readonly<
	| { kind: 'off' }
	| { kind: 'starting' }
	| { kind: 'on'; track: MediaStreamTrack; muted: boolean }
	| { kind: 'failed'; problem: DeviceProblem }
>;

/** A device to choose. The label is empty until the browser lets the page know it. */
export type DeviceChoice = Readonly<{ id: string; label: string }>;

/** All the viewer's devices. */
export type Devices = Readonly<{
	microphone: DeviceState;
	camera: DeviceState;
	microphones: readonly DeviceChoice[];
	cameras: readonly DeviceChoice[];
	/** Empty where the browser can't choose one. */
	speakers: readonly DeviceChoice[];
	/** The devices in use, or the ones to use; empty for the system's choice. */
	microphoneId: string;
	cameraId: string;
}>;

/** Opens and closes microphone and camera, and follows what is plugged in. */
export type DeviceControl = Readonly<{
	state: Store<Devices>;
	/** Opens what is wanted, both with one question of the browser. */
	start: (want: Readonly<{ microphone: boolean; camera: boolean }>) => Promise<void>;
	/** Unmutes the microphone, opening it first if need be. */
	unmute: () => Promise<void>;
	/** Mutes the microphone, keeping it open. */
	mute: () => void;
	turnCameraOn: () => Promise<void>;
	turnCameraOff: () => void;
	chooseMicrophone: (id: string) => Promise<void>;
	chooseCamera: (id: string) => Promise<void>;
	/** Takes size, rate and sound treatment from changed preferences; what is open changes with them. */
	setPreferences: (preferences: Preferences) => Promise<void>;
	/** What the open camera lets the page turn. */
	cameraControls: () => readonly CameraControl[];
	/** Turns one control of the open camera; rejects what it can't do. */
	turnControl: (name: CameraControl['name'], value: number | boolean) => Promise<void>;
	/** Looks again for devices: not every browser tells when one comes. */
	refresh: () => Promise<void>;
}>;

export type DeviceOptions = Readonly<{
	preferences: Preferences;
	/** Told when a device that was on went away by itself, for instance unplugged. */
	onLost: (device: 'microphone' | 'camera') => void;
	/** Told when another microphone took over from one that went away. */
	onReplaced: (label: string) => void;
	signal: AbortSignal;
}>;

/** Returns the viewer's devices, all off. */
export function createDevices(options: DeviceOptions): DeviceControl {
	const desk = new Desk(options);
	return {
		state: desk.state,
		start: (want) => desk.start(want),
		unmute: () => desk.unmute(),
		mute: () => desk.mute(),
		turnCameraOn: () => desk.openCamera(),
		turnCameraOff: () => desk.closeCamera(),
		chooseMicrophone: (id) => desk.chooseMicrophone(id),
		chooseCamera: (id) => desk.chooseCamera(id),
		setPreferences: (preferences) => desk.setPreferences(preferences),
		cameraControls: () => desk.cameraControls(),
		turnControl: (name, value) => desk.turnControl(name, value),
		refresh: () => desk.refresh(),
	};
}

/** True when the browser can share a screen. */
export function canShareScreen(): boolean {
	return typeof navigator.mediaDevices !== 'undefined' && 'getDisplayMedia' in navigator.mediaDevices;
}

/** True when sound can be sent to a chosen device. */
export function canChooseSpeaker(): boolean {
	return 'setSinkId' in HTMLMediaElement.prototype;
}

/** True when the page may use devices at all: browsers give them only to secure pages. */
export function isSecure(): boolean {
	return window.isSecureContext && typeof navigator.mediaDevices !== 'undefined';
}

type Kind = 'microphone' | 'camera';

class Desk {
	readonly state: WritableStore<Devices>;
	private readonly options: DeviceOptions;
	private preferences: Preferences;
	/** Counts the openings of each device, so that a slow one does not undo a newer choice. */
	private readonly turns: Record<Kind, number> = { microphone: 0, camera: 0 };

	constructor(options: DeviceOptions) {
		const { preferences, signal } = options;
		this.options = options;
		this.preferences = preferences;
		this.state = createStore<Devices>({
			microphone: { kind: 'off' },
			camera: { kind: 'off' },
			microphones: [],
			cameras: [],
			speakers: [],
			microphoneId: preferences.microphoneId,
			cameraId: preferences.cameraId,
		});
		signal.addEventListener('abort', () => {
			this.close('microphone');
			this.close('camera');
		});
		if (!isSecure()) return;
		const refresh = () => void this.refresh();
		navigator.mediaDevices.addEventListener('devicechange', refresh, { signal });
		window.addEventListener('focus', refresh, { signal });
		refresh();
	}

	async start({ microphone, camera }: { microphone: boolean; camera: boolean }): Promise<void> {
		if (microphone && camera && isSecure()) await this.askForBoth();
		await Promise.all([microphone ? this.open('microphone') : undefined, camera ? this.open('camera') : undefined]);
	}

	async unmute(): Promise<void> {
		const { microphone } = this.state.get();
		if (microphone.kind === 'on') {
			microphone.track.enabled = true;
			this.patch({ microphone: { ...microphone, muted: false } });
			return;
		}
		await this.open('microphone');
	}

	mute(): void {
		const { microphone } = this.state.get();
		if (microphone.kind !== 'on') {
			this.close('microphone');
			return;
		}
		microphone.track.enabled = false;
		this.patch({ microphone: { ...microphone, muted: true } });
	}

	openCamera(): Promise<void> {
		return this.open('camera');
	}

	closeCamera(): void {
		this.close('camera');
	}

	async chooseMicrophone(id: string): Promise<void> {
		const { microphone } = this.state.get();
		this.patch({ microphoneId: id });
		if (microphone.kind === 'off') return;
		await this.reopenMicrophone(microphone.kind === 'on' && microphone.muted);
	}

	async chooseCamera(id: string): Promise<void> {
		this.patch({ cameraId: id });
		if (this.state.get().camera.kind !== 'off') await this.open('camera');
	}

	async setPreferences(preferences: Preferences): Promise<void> {
		const [picture, sound] = [JSON.stringify(this.format()), JSON.stringify(this.treatment())];
		this.preferences = preferences;
		const { camera, microphone } = this.state.get();
		if (camera.kind === 'on' && picture !== JSON.stringify(this.format())) {
			try {
				await camera.track.applyConstraints(this.format());
			} catch {
				await this.open('camera'); // some cameras change their format only from closed
			}
		}
		if (microphone.kind === 'on' && sound !== JSON.stringify(this.treatment())) await this.reopenMicrophone(microphone.muted); // a running capture keeps its treatment
	}

	cameraControls(): readonly CameraControl[] {
		const { camera } = this.state.get();
		if (camera.kind !== 'on' || !('getCapabilities' in camera.track)) return [];
		return controlsOf(camera.track.getCapabilities(), camera.track.getSettings());
	}

	async turnControl(name: CameraControl['name'], value: number | boolean): Promise<void> {
		const { camera } = this.state.get();
		if (camera.kind === 'on') await camera.track.applyConstraints({ ...this.format(), ...constraintsFor(name, value) });
	}

	private async reopenMicrophone(muted: boolean): Promise<void> {
		await this.open('microphone');
		if (muted) this.mute();
	}

	async refresh(): Promise<void> {
		if (!isSecure()) return;
		const found = await navigator.mediaDevices.enumerateDevices().catch((): MediaDeviceInfo[] => []);
		if (this.options.signal.aborted) return;
		const choices = (kind: MediaDeviceKind) =>
			found
				.filter((device) => device.kind === kind && device.deviceId !== '')
				.map((device) => ({ id: device.deviceId, label: device.label }));
		this.patch({
			microphones: choices('audioinput'),
			cameras: choices('videoinput'),
			speakers: canChooseSpeaker() ? choices('audiooutput') : [],
		});
	}

	private async open(kind: Kind): Promise<void> {
		if (!isSecure()) {
			this.set(kind, { kind: 'failed', problem: window.isSecureContext ? 'unsupported' : 'insecure' });
			return;
		}
		this.close(kind); // a second capture mutes the first one on iOS, and some cameras open once only
		const turn = this.turns[kind];
		this.set(kind, { kind: 'starting' });
		try {
			const track = await this.capture(kind);
			if (turn !== this.turns[kind] || this.options.signal.aborted) {
				track.stop();
				return;
			}
			this.opened(kind, track);
		} catch (error) {
			if (turn === this.turns[kind]) this.set(kind, { kind: 'failed', problem: problemOf(error) });
		}
		await this.refresh(); // labels are known only once a device was allowed
	}

	/** Lets the browser ask once for both devices; what it says to each is learned by opening them. */
	private async askForBoth(): Promise<void> {
		this.set('microphone', { kind: 'starting' });
		this.set('camera', { kind: 'starting' });
		try {
			const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
			for (const track of stream.getTracks()) track.stop();
		} catch {
			// One of the two may still be had alone.
		}
	}

	/** Opens the chosen device, or any other one when that is gone. */
	private async capture(kind: Kind): Promise<MediaStreamTrack> {
		const { microphoneId, cameraId } = this.state.get();
		const id = kind === 'microphone' ? microphoneId : cameraId;
		const ask = async (deviceId: string, strict = true) => {
			const base: MediaTrackConstraints = kind === 'camera' ? this.format(strict) : this.treatment();
			const constraints = deviceId === '' ? base : { ...base, deviceId: { exact: deviceId } };
			const stream = await navigator.mediaDevices.getUserMedia(kind === 'camera' ? { video: constraints } : { audio: constraints });
			const track = stream.getTracks()[0];
			if (track === undefined) throw new DOMException('no track', 'NotFoundError');
			return track;
		};
		try {
			return await ask(id);
		} catch (error) {
			if (problemOf(error) !== 'not_found') throw error;
			return await ask(id, false).catch(() => ask('', false)); // a camera that can't do the least, or a device that is gone
		}
	}

	private opened(kind: Kind, track: MediaStreamTrack): void {
		track.contentHint = kind === 'camera' ? 'motion' : 'speech';
		track.addEventListener('ended', () => {
			const state = this.state.get()[kind];
			if (state.kind !== 'on' || state.track !== track) return;
			void this.lost(kind, state.muted);
		});
		const id = track.getSettings().deviceId ?? '';
		this.patch(kind === 'microphone' ? { microphoneId: id } : { cameraId: id });
		this.set(kind, { kind: 'on', track, muted: false });
	}

	/** A device went: unplugged, or its permission taken back. Another microphone takes its place; a camera is never opened unasked. */
	private async lost(kind: Kind, muted: boolean): Promise<void> {
		this.close(kind);
		const permission = await permissionFor(kind);
		if (permission === 'denied') {
			this.set(kind, { kind: 'failed', problem: 'denied' });
			this.options.onLost(kind);
			return;
		}
		if (kind === 'microphone') {
			this.patch({ microphoneId: '' });
			await this.reopenMicrophone(muted);
			const { microphone } = this.state.get();
			if (microphone.kind === 'on') {
				this.options.onReplaced(microphone.track.label);
				return;
			}
		}
		this.options.onLost(kind);
	}

	private close(kind: Kind): void {
		this.turns[kind] += 1;
		const state = this.state.get()[kind];
		if (state.kind === 'on') state.track.stop();
		if (state.kind !== 'off') this.set(kind, { kind: 'off' });
	}

	private set(kind: Kind, state: DeviceState): void {
		this.patch(kind === 'microphone' ? { microphone: state } : { camera: state });
	}

	private patch(change: Partial<Devices>): void {
		this.state.update((devices) => ({ ...devices, ...change }));
	}

	/** Size and rate of the picture. Without the least that the viewer set, every camera can do it: a larger picture is scaled. */
	private format(strict = true): MediaTrackConstraints {
		const { cameraHeight: height, cameraRate: rate } = this.preferences;
		const [least, leastRate] = strict ? [this.preferences.cameraMinHeight, this.preferences.cameraMinRate] : [0, 0];
		return {
			height: { ideal: height, ...(least === 0 ? {} : { min: Math.min(least, height) }) },
			width: { ideal: widthOf(height), ...(least === 0 ? {} : { min: widthOf(Math.min(least, height)) }) },
			frameRate: { ideal: rate, max: rate, ...(leastRate === 0 ? {} : { min: Math.min(leastRate, rate) }) },
		};
	}

	/** What the browser does to the voice. */
	private treatment(): MediaTrackConstraints {
		const { echoCancellation, noiseSuppression, autoGainControl } = this.preferences;
		return { echoCancellation, noiseSuppression, autoGainControl };
	}
}

/** The width of a 16:9 picture. */
function widthOf(height: number): number {
	return Math.round((height * 16) / 9);
}

/** What the browser remembers about a device's permission; not all of them tell. */
async function permissionFor(kind: Kind): Promise<PermissionState | undefined> {
	try {
		return (await navigator.permissions.query({ name: kind })).state;
	} catch {
		return undefined;
	}
}
