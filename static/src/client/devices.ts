import { problemOf } from './device-words';
import type { DeviceProblem } from './device-words';
import { createStore } from './store';
import type { Store, WritableStore } from './store';
import type { CameraHeight, CameraRate, Preferences } from './preferences';

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
	setCameraFormat: (height: CameraHeight, rate: CameraRate) => Promise<void>;
	/** Looks again for devices: not every browser tells when one comes. */
	refresh: () => Promise<void>;
}>;

export type DeviceOptions = Readonly<{
	preferences: Preferences;
	/** Told when a device that was on went away by itself, for instance unplugged. */
	onLost: (device: 'microphone' | 'camera') => void;
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
		setCameraFormat: (height, rate) => desk.setCameraFormat(height, rate),
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
	private height: CameraHeight;
	private rate: CameraRate;
	/** Counts the openings of each device, so that a slow one does not undo a newer choice. */
	private readonly turns: Record<Kind, number> = { microphone: 0, camera: 0 };

	constructor(options: DeviceOptions) {
		const { preferences, signal } = options;
		this.options = options;
		this.height = preferences.cameraHeight;
		this.rate = preferences.cameraRate;
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
		const muted = microphone.kind === 'on' && microphone.muted;
		await this.open('microphone');
		if (muted) this.mute();
	}

	async chooseCamera(id: string): Promise<void> {
		this.patch({ cameraId: id });
		if (this.state.get().camera.kind !== 'off') await this.open('camera');
	}

	async setCameraFormat(height: CameraHeight, rate: CameraRate): Promise<void> {
		this.height = height;
		this.rate = rate;
		const { camera } = this.state.get();
		if (camera.kind !== 'on') return;
		try {
			await camera.track.applyConstraints(this.format());
		} catch {
			await this.open('camera'); // some cameras change their format only from closed
		}
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
		const ask = async (deviceId: string) => {
			const base: MediaTrackConstraints = kind === 'camera' ? this.format() : { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
			const constraints = deviceId === '' ? base : { ...base, deviceId: { exact: deviceId } };
			const stream = await navigator.mediaDevices.getUserMedia(kind === 'camera' ? { video: constraints } : { audio: constraints });
			const track = stream.getTracks()[0];
			if (track === undefined) throw new DOMException('no track', 'NotFoundError');
			return track;
		};
		if (id === '') return ask('');
		try {
			return await ask(id);
		} catch (error) {
			if (problemOf(error) !== 'not_found') throw error;
			return ask('');
		}
	}

	private opened(kind: Kind, track: MediaStreamTrack): void {
		track.contentHint = kind === 'camera' ? 'motion' : 'speech';
		track.addEventListener('ended', () => {
			const state = this.state.get()[kind];
			if (state.kind !== 'on' || state.track !== track) return;
			this.close(kind);
			this.options.onLost(kind);
		});
		const id = track.getSettings().deviceId ?? '';
		this.patch(kind === 'microphone' ? { microphoneId: id } : { cameraId: id });
		this.set(kind, { kind: 'on', track, muted: false });
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

	private format(): MediaTrackConstraints {
		return {
			height: { ideal: this.height },
			width: { ideal: Math.round((this.height * 16) / 9) },
			frameRate: { ideal: this.rate, max: this.rate },
		};
	}
}
