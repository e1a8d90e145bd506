import { roomCodecs } from './codecs';
import { cameraLayers, wantedOf } from './layers';
import type { Layer } from './layers';
import type { Source } from './protocol.gen';
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
	/** Which ICE servers the next restart of ICE may use. */
	setIceServers: (servers: readonly RTCIceServer[]) => void;
	close: () => void;
}>;

/** How many seats a connection begins with. More come by re-offering. */
export const FIRST_SEATS = 9;

/** The camera's simulcast layers: a quarter, half and the whole picture. Rates in bit/s. */
const CAMERA: RTCRtpEncodingParameters[] = [
	{ rid: 'q', scaleResolutionDownBy: 4, maxBitrate: 150_000 },
	{ rid: 'h', scaleResolutionDownBy: 2, maxBitrate: 500_000 },
	{ rid: 'f', scaleResolutionDownBy: 1, maxBitrate: 1_700_000 },
];

/** A screen is one layer, in Firefox because its simulcast of screens sends nothing. Rate in bit/s. */
const SCREEN: RTCRtpEncodingParameters[] = [{ maxBitrate: 2_500_000 }];

/** What a connection is made of. */
export type ConnectionOptions = Readonly<{
	/** How many seats it begins with. */
	seats?: number;
	/** Where a way round a firewall may be asked for. */
	iceServers?: readonly RTCIceServer[];
	/** Called when a restart of ICE finds this device at an address it did not have before. */
	onMoved?: () => void;
}>;

/** Returns a connection with its send-only m-lines and seats, none of which has a device yet. */
export function createConnection({ seats: seatCount = FIRST_SEATS, iceServers = [], onMoved }: ConnectionOptions = {}): Connection {
	const pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle', iceServers: [...iceServers] });
	watchAddresses(pc, onMoved);
	const queue = createQueue();
	const senders: Record<Source, RTCRtpTransceiver> = {
		microphone: add(pc, 'audio', { direction: 'sendonly' }),
		camera: add(pc, 'video', { direction: 'sendonly', sendEncodings: CAMERA }),
		screen: add(pc, 'video', { direction: 'sendonly', sendEncodings: SCREEN }),
		screen_audio: add(pc, 'audio', { direction: 'sendonly' }),
	};
	let seats: readonly SeatReceivers[] = [];
	let layers: readonly Layer[] | undefined;
	let wanted = CAMERA.length;
	// One after the other: setParameters refuses what getParameters gave before another call.
	const encode = createQueue();
	const addSeats = (count: number) => {
		while (seats.length < count) {
			const audio = add(pc, 'audio', { direction: 'recvonly' }).receiver;
			const video = add(pc, 'video', { direction: 'recvonly' }).receiver;
			seats = [...seats, { audio, video }];
		}
	};
	addSeats(seatCount);

	const offer = async (iceRestart: boolean): Promise<LocalOffer> => {
		const made = await pc.createOffer({ iceRestart });
		const sdp = withReferenceTimes(withAudioNack(made.sdp ?? ''));
		// Candidates are not waited for: the server has all of its own in the answer.
		await pc.setLocalDescription({ type: 'offer', sdp }).catch(() => pc.setLocalDescription(made));
		return { offer: pc.localDescription?.sdp ?? sdp, sources: sourcesOf(senders) };
	};
	const answer = (sdp: string) => pc.setRemoteDescription({ type: 'answer', sdp });

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
				try {
					await answer(await ask(await offer(iceRestart)));
				} catch (error) {
					if (pc.signalingState === 'have-local-offer') await pc.setLocalDescription({ type: 'rollback' });
					throw error;
				}
			}),
		setTrack: async (source, track) => {
			const { sender } = senders[source];
			if (source === 'camera' && track !== null) {
				layers = layersFor(track) ?? layers;
				await encode(() => setLayers(sender, layers, wanted));
			}
			await sender.replaceTrack(track);
		},
		setWanted: (count) => {
			wanted = count;
			return encode(() => setLayers(senders.camera.sender, layers, wanted));
		},
		setIceServers: (servers) => {
			if (pc.signalingState !== 'closed') pc.setConfiguration({ ...pc.getConfiguration(), iceServers: [...servers] });
		},
		close: () => pc.close(),
	};
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

function add(pc: RTCPeerConnection, kind: 'audio' | 'video', init: RTCRtpTransceiverInit): RTCRtpTransceiver {
	const transceiver = pc.addTransceiver(kind, init);
	const codecs = roomCodecs(kind, RTCRtpReceiver.getCapabilities(kind)?.codecs ?? []);
	if (codecs.length === 0 || !('setCodecPreferences' in transceiver)) return transceiver;
	try {
		transceiver.setCodecPreferences(codecs);
	} catch {
		// A browser that refuses its own codecs offers the long list, which the server answers as well.
	}
	return transceiver;
}

/** How the camera's layers are spread over the picture it really gives, if that is known. */
function layersFor(track: MediaStreamTrack): readonly Layer[] | undefined {
	const { width, height } = track.getSettings();
	return width === undefined || height === undefined ? undefined : cameraLayers(Math.min(width, height));
}

/** Sends the layers that are wanted. Without layers, those of the offer. */
async function setLayers(sender: RTCRtpSender, layers: readonly Layer[] | undefined, wanted: number): Promise<void> {
	const parameters = sender.getParameters();
	const base = layers ?? CAMERA.map(({ scaleResolutionDownBy = 1 }) => ({ active: true, scaleResolutionDownBy }));
	if (parameters.encodings.length !== base.length) return;
	const next = wantedOf(base, wanted);
	if (parameters.encodings.every((encoding, index) => same(encoding, next[index]))) return;
	parameters.encodings.forEach((encoding, index) => Object.assign(encoding, next[index]));
	try {
		await sender.setParameters(parameters);
	} catch {
		// A browser that refuses keeps the layers it has, of which the sharpest may stay unsent, or one be sent in vain.
	}
}

function same(encoding: RTCRtpEncodingParameters, layer: Layer | undefined): boolean {
	return encoding.active === layer?.active && encoding.scaleResolutionDownBy === layer?.scaleResolutionDownBy;
}

function sourcesOf(senders: Record<Source, RTCRtpTransceiver>): Record<string, Source> {
	const sources: Record<string, Source> = {};
	for (const source of ['microphone', 'camera', 'screen', 'screen_audio'] as const) {
		const { mid } = senders[source];
		if (mid !== null) sources[mid] = source;
	}
	return sources;
}
