import { codecNamed, putFirst, roomCodecs } from './codecs';
import type { Use } from './codecs';
import { cameraLayers, encodingsIn, RATES } from './layers';
import type { Encoding, Layer } from './layers';
import type { Source, VideoCodec } from './protocol.gen';
import { createQueue } from './queue';
import { withAudioNack, withReferenceTimes } from './sdp';

/** The receiving ends of one seat. Which participant they carry is told by the seats message. */
export type SeatReceivers = Readonly<{ audio: RTCRtpReceiver; video: RTCRtpReceiver }>;

/** An offer and what its send-only m-lines carry. */
export type LocalOffer = { offer: string; sources: Record<string, Source> };

/** The page's one peer connection. It always offers; the server always answers. */
export type Connection = Readonly<{
	pc: RTCPeerConnection;
	/** All seats, in the order of their m-lines. */
	seats: () => readonly SeatReceivers[];
	/** The offer to join with. */
	firstOffer: () => Promise<LocalOffer>;
	/** Takes the server's answer to the first offer. */
	answer: (sdp: string) => Promise<void>;
	/** Adds seats up to count, or restarts ICE, or both; ask brings back the server's answer. */
	reoffer: (want: { seats?: number; iceRestart?: boolean }, ask: (offer: LocalOffer) => Promise<string>) => Promise<void>;
	/** What a source sends from now on; null sends nothing. Never a renegotiation. */
	setTrack: (source: Source, track: MediaStreamTrack | null) => Promise<void>;
	/** Sends only so many of the camera's encodings from now on, from the smallest. */
	setWanted: (layers: number) => Promise<void>;
	/** Sends the camera or the screen in a format from now on; ask brings back the server's answer where that takes an offer. */
	setCodec: (source: Source, codec: VideoCodec, ask: (offer: LocalOffer) => Promise<string>) => Promise<void>;
	/** Which ICE servers the next restart of ICE may use. */
	setIceServers: (servers: readonly RTCIceServer[]) => void;
	close: () => void;
}>;

/** How many seats a connection begins with. More come by re-offering. */
export const FIRST_SEATS = 9;

/** The camera's simulcast layers: a quarter, half and the whole picture. Rates in bit/s. */
const CAMERA: RTCRtpEncodingParameters[] = [
	{ rid: 'q', scaleResolutionDownBy: 4, maxBitrate: RATES[0] },
	{ rid: 'h', scaleResolutionDownBy: 2, maxBitrate: RATES[1] },
	{ rid: 'f', scaleResolutionDownBy: 1, maxBitrate: RATES[2] },
];

/** A screen is one layer, in Firefox because its simulcast of screens sends nothing. Rate in bit/s. */
const SCREEN: RTCRtpEncodingParameters[] = [{ maxBitrate: 2_500_000 }];

/** What a connection is made of. */
export type ConnectionOptions = Readonly<{
	/** How many seats it begins with. */
	seats?: number;
	/** The formats of pictures the server agrees on; all that are known when it did not say. */
	videoCodecs?: readonly VideoCodec[] | undefined;
	/** Where a way round a firewall may be asked for. */
	iceServers?: readonly RTCIceServer[];
	/** Called when a restart of ICE finds this device at an address it did not have before. */
	onMoved?: () => void;
}>;

/** Returns a connection with its send-only m-lines and seats, none of which has a device yet. */
export function createConnection({ seats: seatCount = FIRST_SEATS, iceServers = [], videoCodecs, onMoved }: ConnectionOptions = {}): Connection {
	const pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle', iceServers: [...iceServers] });
	watchAddresses(pc, onMoved);
	const queue = createQueue();
	const add = (kind: 'audio' | 'video', use: Use, sendEncodings?: RTCRtpEncodingParameters[]) => addLine(pc, kind, use, { sendEncodings, videoCodecs });
	const senders: Record<Source, RTCRtpTransceiver> = {
		microphone: add('audio', 'send-voice'),
		camera: add('video', 'send', CAMERA),
		screen: add('video', 'send', SCREEN),
		screen_audio: add('audio', 'send'),
	};
	let seats: readonly SeatReceivers[] = [];
	let layers: readonly Layer[] | undefined;
	let wanted = CAMERA.length;
	const codecs = new Map<Source, VideoCodec>();
	const browser = { knowsLayers: true };
	// One after the other: setParameters refuses what getParameters gave before another call.
	const encode = createQueue();
	const addSeats = (count: number) => {
		while (seats.length < count) {
			const audio = add('audio', 'receive').receiver;
			const video = add('video', 'receive').receiver;
			seats = [...seats, { audio, video }];
		}
	};
	addSeats(seatCount);

	const { offer, answer, exchange } = negotiator(pc, senders);
	const settle = (source: Source) =>
		encode(() => {
			const { sender } = senders[source];
			const codec = codecs.get(source);
			if (source === 'screen') return setEncodings(sender, SCREEN.map(({ maxBitrate }) => ({ ...WHOLE, maxBitrate: maxBitrate ?? RATES[2] })), codec);
			const base = layers ?? CAMERA.map(({ scaleResolutionDownBy = 1 }) => ({ active: true, scaleResolutionDownBy }));
			return setCamera(sender, browser, () => encodingsIn(codec ?? 'vp8', base, wanted, browser.knowsLayers), codec);
		});
	return {
		pc,
		seats: () => seats,
		firstOffer: () => queue(() => offer(false)),
		answer: (sdp) => queue(() => answer(sdp)),
		reoffer: ({ seats: count = 0, iceRestart = false }, ask) =>
			queue(async () => {
				if (pc.signalingState === 'closed') return;
				if (!iceRestart && count <= seats.length) return;
				addSeats(count);
				await exchange(iceRestart, ask);
			}),
		setTrack: async (source, track) => {
			const { sender } = senders[source];
			if (source === 'camera' && track !== null) {
				layers = layersFor(track) ?? layers;
				await settle('camera');
			}
			await sender.replaceTrack(track);
		},
		setWanted: (count) => {
			wanted = count;
			return settle('camera').then(() => undefined);
		},
		setCodec: (source, codec, ask) =>
			// Behind the answer, which says what may be sent.
			queue(async () => {
				const before = codecs.get(source);
				codecs.set(source, codec);
				if ((await settle(source)) || pc.signalingState === 'closed') return;
				if (!prefer(senders[source], codec, videoCodecs)) {
					if (before === undefined) codecs.delete(source);
					else codecs.set(source, before);
					return;
				}
				await exchange(false, ask);
				await settle(source);
			}),
		setIceServers: (servers) => {
			if (pc.signalingState !== 'closed') pc.setConfiguration({ ...pc.getConfiguration(), iceServers: [...servers] });
		},
		close: () => pc.close(),
	};
}

/** What passes between the page and the server about a connection. */
function negotiator(pc: RTCPeerConnection, senders: Record<Source, RTCRtpTransceiver>) {
	const offer = async (iceRestart: boolean): Promise<LocalOffer> => {
		const made = await pc.createOffer({ iceRestart });
		const sdp = withReferenceTimes(withAudioNack(made.sdp ?? ''));
		// Candidates are not waited for: the server has all of its own in the answer.
		await pc.setLocalDescription({ type: 'offer', sdp }).catch(() => pc.setLocalDescription(made));
		return { offer: pc.localDescription?.sdp ?? sdp, sources: sourcesOf(senders) };
	};
	const answer = (sdp: string) => pc.setRemoteDescription({ type: 'answer', sdp });
	const exchange = async (iceRestart: boolean, ask: (offer: LocalOffer) => Promise<string>) => {
		try {
			await answer(await ask(await offer(iceRestart)));
		} catch (error) {
			if (pc.signalingState === 'have-local-offer') await pc.setLocalDescription({ type: 'rollback' });
			throw error;
		}
	};

	return { offer, answer, exchange };
}

/** Tells when candidates of a later generation have an address that no earlier one had. */
function watchAddresses(pc: RTCPeerConnection, onMoved: (() => void) | undefined): void {
	let generation: string | undefined;
	let known = new Set<string>();
	let found = new Set<string>();
	pc.addEventListener('icecandidate', ({ candidate }) => {
		const address = candidate?.address;
		if (candidate === null || candidate.type !== 'host' || address === null || address === undefined) return;
		if (candidate.usernameFragment !== generation) {
			generation = candidate.usernameFragment ?? undefined;
			known = found;
			found = new Set();
		}
		const moved = known.size > 0 && !known.has(address) && !found.has(address);
		found.add(address);
		if (moved) onMoved?.();
	});
}

type LineOptions = Readonly<{ sendEncodings: RTCRtpEncodingParameters[] | undefined; videoCodecs: readonly VideoCodec[] | undefined }>;

function addLine(pc: RTCPeerConnection, kind: 'audio' | 'video', use: Use, { sendEncodings, videoCodecs }: LineOptions): RTCRtpTransceiver {
	const direction = use === 'receive' ? 'recvonly' : 'sendonly';
	const transceiver = pc.addTransceiver(kind, { direction, ...(sendEncodings === undefined ? {} : { sendEncodings }) });
	const ends = use === 'receive' ? RTCRtpReceiver : RTCRtpSender;
	const codecs = roomCodecs(kind, use, ends.getCapabilities(kind)?.codecs ?? [], videoCodecs);
	if (codecs.length === 0 || !('setCodecPreferences' in transceiver)) return transceiver;
	try {
		transceiver.setCodecPreferences(codecs);
	} catch {
		// A browser that refuses its own codecs offers the long list, which the server answers as well.
	}
	return transceiver;
}

/** Puts a codec first in what the next offer says of a source; false where the browser can't. */
function prefer(transceiver: RTCRtpTransceiver, codec: VideoCodec, agreed: readonly VideoCodec[] | undefined): boolean {
	const codecs = roomCodecs('video', 'send', RTCRtpSender.getCapabilities('video')?.codecs ?? [], agreed);
	if (codecNamed(codecs, codec) === undefined || !('setCodecPreferences' in transceiver)) return false;
	try {
		transceiver.setCodecPreferences(putFirst(codecs, codec));
		return true;
	} catch {
		return false;
	}
}

/** How the camera's layers are spread over the picture it really gives, if that is known. */
function layersFor(track: MediaStreamTrack): readonly Layer[] | undefined {
	const { width, height } = track.getSettings();
	return width === undefined || height === undefined ? undefined : cameraLayers(Math.min(width, height));
}

/** What browsers know of an encoding beyond TypeScript's library. */
type Sent = RTCRtpEncodingParameters & { codec?: RTCRtpCodec; scalabilityMode?: string };

/** An encoding that is sent whole, as the browser likes best. */
const WHOLE = { active: true, scaleResolutionDownBy: 1, scalabilityMode: undefined } as const;

/** Sends in these encodings and that codec, if one is named. False when the browser can't choose the codec. */
async function setEncodings(sender: RTCRtpSender, encodings: readonly Encoding[], codec: VideoCodec | undefined): Promise<boolean> {
	const parameters = sender.getParameters();
	const named = codec === undefined ? undefined : codecNamed(parameters.codecs, codec);
	if (parameters.encodings.length !== encodings.length) return named !== undefined || codec === undefined;
	if (codec !== undefined && named === undefined) return false;
	if (parameters.encodings.every((encoding, index) => same(encoding, encodings[index], named))) return true;
	parameters.encodings.forEach((encoding, index) => apply(encoding, encodings[index], named));
	try {
		await sender.setParameters(parameters);
	} catch {
		// A browser that refuses keeps the layers it has, of which the sharpest may stay unsent, or one be sent in vain.
	}
	return named === undefined || isFirst(sender, named) || sender.getParameters().encodings.every((encoding: Sent) => encoding.codec?.mimeType === named.mimeType);
}

/** Sends a camera. A browser that passes over the mode of spatial layers, as Firefox does, gets the encodings without, now and later. */
async function setCamera(sender: RTCRtpSender, browser: { knowsLayers: boolean }, encodings: () => readonly Encoding[], codec: VideoCodec | undefined): Promise<boolean> {
	const want = encodings();
	const done = await setEncodings(sender, want, codec);
	const [first]: Sent[] = sender.getParameters().encodings;
	if (!done || want[0]?.scalabilityMode === undefined || first?.scalabilityMode !== undefined || !browser.knowsLayers) return done;
	browser.knowsLayers = false;
	return setEncodings(sender, encodings(), codec);
}

/** The browser sends in the codec without being told, because it was negotiated first. */
function isFirst(sender: RTCRtpSender, codec: RTCRtpCodec): boolean {
	return sender.getParameters().codecs[0]?.mimeType === codec.mimeType;
}

function apply(encoding: Sent, want: Encoding | undefined, codec: RTCRtpCodec | undefined): void {
	if (want === undefined) return;
	const { scalabilityMode, ...rest } = want;
	Object.assign(encoding, rest);
	if (codec !== undefined) encoding.codec = codec;
	if (scalabilityMode === undefined) delete encoding.scalabilityMode;
	else encoding.scalabilityMode = scalabilityMode;
}

function same(encoding: Sent, want: Encoding | undefined, codec: RTCRtpCodec | undefined): boolean {
	return (
		want !== undefined &&
		encoding.active === want.active &&
		encoding.scaleResolutionDownBy === want.scaleResolutionDownBy &&
		(codec === undefined ? want.scalabilityMode === undefined : encoding.codec?.mimeType === codec.mimeType && encoding.scalabilityMode === want.scalabilityMode)
	);
}

function sourcesOf(senders: Record<Source, RTCRtpTransceiver>): Record<string, Source> {
	const sources: Record<string, Source> = {};
	for (const source of ['microphone', 'camera', 'screen', 'screen_audio'] as const) {
		const { mid } = senders[source];
		if (mid !== null) sources[mid] = source;
	}
	return sources;
}
