import type { SeatReceivers } from './connection';
import type { SeatTracks } from './inspect';
import type { Seats, Source } from './protocol.gen';
import { applySeats, frameSeen, growSeats, hiddenBetween, seatOf } from './seats';
import type { SeatTable } from './seats';

/** The elements of one seat: they stay with the seat while participants come and go. */
type SeatElements = Readonly<{ receivers: SeatReceivers; video: HTMLVideoElement; audio: HTMLAudioElement }>;

/** A tile that waits for a picture. */
type Place = Readonly<{ tile: HTMLElement; host: HTMLElement }>;

/**
 * Brings the pictures of seats into tiles. It hides and shows by ref, in the
 * same task as the message or frame that asks for it, never by way of React.
 */
export type Board = Readonly<{
	/** Takes the receivers of a connection: all of a new one, or the grown list of the one it has. */
	adopt: (seats: readonly SeatReceivers[]) => void;
	/** Applies a seats message. Resolves once what had to be hidden is off the screen. */
	apply: (message: Seats) => Promise<void>;
	/**
	 * Gives a participant's picture a place: host receives the video, tile says
	 * in data-state whether it shows. The returned function takes it back.
	 */
	attach: (participant: string, source: Source, place: Place) => () => void;
	/** The seats that are taken, by their tracks. */
	seatTracks: () => readonly SeatTracks[];
	/** The receiver that plays a participant's voice, if one does. */
	voiceOf: (participant: string) => RTCRtpReceiver | undefined;
	/** Plays through another output device; resolves to whether the browser could. */
	setOutput: (deviceId: string) => Promise<boolean>;
	/** Starts all sound, from a click when the browser had blocked it. */
	play: () => Promise<void>;
	/** True while a seat has a picture coming. */
	expectsPicture: () => boolean;
	/** Changes with every frame that comes in on a seat with a picture. */
	heartbeat: () => number;
	/** Removes everything. */
	close: () => void;
}>;

export type BoardOptions = Readonly<{
	/** Called when the browser refuses to play sound without a click, and when it plays after all. */
	onBlocked: (blocked: boolean) => void;
	document?: Document;
}>;

/** Returns a board without seats. */
export function createBoard(options: BoardOptions): Board {
	return new SeatBoard(options);
}

class SeatBoard implements Board {
	private readonly options: BoardOptions;
	private readonly document: Document;
	/** Where videos wait that have no tile, and where all sound plays from. */
	private readonly store: HTMLElement;
	private readonly places = new Map<string, Place>();
	private elements: readonly SeatElements[] = [];
	private table: SeatTable = [];
	private output = '';

	constructor(options: BoardOptions) {
		this.options = options;
		this.document = options.document ?? document;
		this.store = this.document.createElement('div');
		this.store.className = 'seat-store';
		this.store.setAttribute('aria-hidden', 'true');
		this.document.body.append(this.store);
	}

	adopt = (seats: readonly SeatReceivers[]): void => {
		if (this.elements[0]?.receivers.video !== seats[0]?.video) this.clear();
		const fresh = seats.slice(this.elements.length);
		this.elements = [...this.elements, ...fresh.map((receivers) => this.makeElements(receivers))];
		this.table = growSeats(this.table, seats.length);
	};

	apply = async (message: Seats): Promise<void> => {
		const before = this.table;
		this.table = applySeats(before, message);
		const hidden = hiddenBetween(before, this.table);
		this.table.forEach((_, seat) => this.draw(seat));
		this.restoreTiles(before);
		if (hidden.length > 0) await painted(this.document);
	};

	attach = (participant: string, source: Source, place: Place): (() => void) => {
		const key = keyOf(participant, source);
		this.places.set(key, place);
		place.tile.dataset['state'] = 'avatar';
		const seat = seatOf(this.table, participant, source);
		if (seat !== undefined) this.draw(seat);
		return () => {
			if (this.places.get(key) !== place) return;
			this.places.delete(key);
			for (const { video } of this.elements) if (video.parentElement === place.host) this.park(video);
		};
	};

	seatTracks = (): readonly SeatTracks[] =>
		this.table.flatMap(({ participant, source }, seat) => {
			const receivers = this.elements[seat]?.receivers;
			if (participant === undefined || source === undefined || receivers === undefined) return [];
			return [{ participant, source: source === 'screen' ? ('screen' as const) : ('camera' as const), audio: receivers.audio.track.id, video: receivers.video.track.id }];
		});

	voiceOf = (participant: string): RTCRtpReceiver | undefined => {
		const seat = seatOf(this.table, participant, 'camera');
		return seat === undefined ? undefined : this.elements[seat]?.receivers.audio;
	};

	setOutput = async (deviceId: string): Promise<boolean> => {
		this.output = deviceId;
		try {
			await Promise.all(this.elements.map(({ audio }) => audio.setSinkId(deviceId)));
			return true;
		} catch {
			return false;
		}
	};

	play = async (): Promise<void> => {
		await Promise.all(this.elements.map(({ audio }) => this.playSound(audio)));
	};

	expectsPicture = (): boolean => this.table.some((seat) => seat.video && seat.from !== undefined);

	heartbeat = (): number => {
		const times = this.elements.map(({ receivers }, seat) => (this.table[seat]?.video === true ? (lastTimestamp(receivers.video) ?? 0) : 0));
		return times.reduce((sum, time) => sum + time, 0);
	};

	close = (): void => {
		this.clear();
		this.places.clear();
		this.store.remove();
	};

	private clear(): void {
		for (const { video, audio } of this.elements) {
			tileOf(video)?.setAttribute('data-state', 'avatar');
			video.srcObject = audio.srcObject = null;
			video.remove();
			audio.remove();
		}
		this.elements = [];
		this.table = [];
	}

	private makeElements(receivers: SeatReceivers): SeatElements {
		const video = this.document.createElement('video');
		video.muted = video.playsInline = video.autoplay = true;
		video.disablePictureInPicture = true;
		video.style.visibility = 'hidden';
		video.srcObject = new MediaStream([receivers.video.track]);
		video.addEventListener('resize', () => this.shape(video));
		const audio = this.document.createElement('audio');
		audio.autoplay = true;
		audio.srcObject = new MediaStream([receivers.audio.track]);
		this.store.append(video, audio);
		void video.play().catch(ignore);
		void this.playSound(audio);
		if (this.output !== '' && 'setSinkId' in audio) void audio.setSinkId(this.output).catch(ignore);
		return { receivers, video, audio };
	}

	private async playSound(audio: HTMLAudioElement): Promise<void> {
		try {
			await audio.play();
			this.options.onBlocked(false);
		} catch (error) {
			if (error instanceof DOMException && error.name === 'NotAllowedError') this.options.onBlocked(true);
		}
	}

	/** Makes the page agree with one row of the table. */
	private draw(seat: number): void {
		const state = this.table[seat];
		const elements = this.elements[seat];
		if (state === undefined || elements === undefined) return;
		const { video } = elements;
		video.style.visibility = state.visible ? 'visible' : 'hidden';
		const place = state.participant === undefined || state.source === undefined ? undefined : this.places.get(keyOf(state.participant, state.source));
		if (place === undefined) this.park(video);
		else this.moveTo(video, place);
		if (!state.visible && state.video) this.awaitFrame(seat, video);
	}

	private moveTo(video: HTMLVideoElement, { tile, host }: Place): void {
		if (video.parentElement !== host) {
			this.leaveTile(video);
			host.append(video);
			if (video.paused) void video.play().catch(ignore);
		}
		tile.dataset['state'] = video.style.visibility === 'visible' ? 'picture' : 'avatar';
		this.shape(video);
	}

	private park(video: HTMLVideoElement): void {
		if (video.parentElement === this.store) return;
		this.leaveTile(video);
		this.store.append(video);
		if (video.paused) void video.play().catch(ignore);
	}

	private leaveTile(video: HTMLVideoElement): void {
		const tile = tileOf(video);
		if (tile !== undefined) tile.dataset['state'] = 'avatar';
	}

	/** A tile whose seat was taken away has no row that draws it. */
	private restoreTiles(before: SeatTable): void {
		for (const { participant, source } of before) {
			if (participant === undefined || source === undefined) continue;
			if (seatOf(this.table, participant, source) !== undefined) continue;
			const place = this.places.get(keyOf(participant, source));
			if (place !== undefined) place.tile.dataset['state'] = 'avatar';
		}
	}

	private shape(video: HTMLVideoElement): void {
		const tile = tileOf(video);
		if (tile !== undefined) tile.dataset['shape'] = video.videoHeight > video.videoWidth ? 'tall' : 'wide';
	}

	/** Asks for the frames of a hidden picture until one may be shown. */
	private awaitFrame(seat: number, video: HTMLVideoElement): void {
		if (video.dataset['waiting'] === 'true') return;
		video.dataset['waiting'] = 'true';
		video.requestVideoFrameCallback((_now, metadata) => {
			video.dataset['waiting'] = 'false';
			if (this.elements[seat]?.video !== video) return;
			const timestamp = metadata.rtpTimestamp ?? lastTimestamp(this.elements[seat].receivers.video);
			if (timestamp !== undefined) this.table = frameSeen(this.table, seat, timestamp);
			this.draw(seat);
		});
	}
}

function keyOf(participant: string, source: Source): string {
	return `${source} ${participant}`;
}

function tileOf(video: HTMLVideoElement): HTMLElement | undefined {
	return video.closest<HTMLElement>('[data-participant]') ?? undefined;
}

/** What a browser without rtpTimestamp in its frame callbacks knows: the frame delivered last. */
function lastTimestamp(receiver: RTCRtpReceiver): number | undefined {
	return receiver.getSynchronizationSources()[0]?.rtpTimestamp;
}

/** Resolves when a change of style made now is on screen: two frames on, or soon in a window that draws none. */
function painted(document: Document): Promise<void> {
	const longest = 100; // milliseconds
	return new Promise((resolve) => {
		if (document.hidden) {
			resolve();
			return;
		}
		setTimeout(resolve, longest);
		requestAnimationFrame(() => requestAnimationFrame(() => resolve()));
	});
}

/** play() rejects when its element is moved or stopped meanwhile, which is no fault. */
function ignore(): void {
	return undefined;
}
