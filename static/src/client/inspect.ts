import type { TileSource } from './view';

/** One stream that is sent or received, over the time between two reports. */
export type Flow = Readonly<{
	kind: 'audio' | 'video';
	/** Set on received streams: who sends. */
	participant?: string;
	source?: TileSource;
	/** In bit/s. */
	bitrate: number;
	/** Lost share of what should have come in, 0 to 1; of what is sent, as the server tells. */
	loss: number;
	/** In milliseconds. */
	jitterMs?: number;
	width?: number;
	height?: number;
	framesPerSecond?: number;
	codec?: string;
	/** Which simulcast layer, of what is sent. */
	layer?: string;
	/** Why the browser sends less than asked: "cpu" or "bandwidth". */
	limited?: string;
	/** How long the picture stood still in this time, in milliseconds. */
	frozenMs?: number;
}>;

/** The connection in figures, over the time between two reports. */
export type Inspection = Readonly<{
	rttMs: number | undefined;
	availableBitrate: number | undefined;
	protocol: string | undefined;
	sent: readonly Flow[];
	received: readonly Flow[];
}>;

/** Who sits on a seat, by the identifiers of its tracks. */
export type SeatTracks = Readonly<{ participant: string; source: TileSource; audio: string; video: string }>;

/** An RTCStatsReport, or a map made from one. */
export type Report = ReadonlyMap<string, unknown>;

type Entry = Readonly<Record<string, unknown>>;

/** What a report says in words people can compare, against an earlier one. Pure. */
export function inspect(before: Report, after: Report, seats: readonly SeatTracks[]): Inspection {
	const entries = [...after.values()].map((entry) => entry as Entry);
	const of = (type: string) => entries.filter((entry) => entry['type'] === type);
	const pair = of('candidate-pair').find((entry) => entry['nominated'] === true && entry['state'] === 'succeeded');
	const local = pair === undefined ? undefined : (after.get(text(pair['localCandidateId'])) as Entry | undefined);
	const look = (entry: Entry) => ({ entry, old: (before.get(text(entry['id'])) ?? {}) as Entry, after });
	return {
		rttMs: has(pair?.['currentRoundTripTime']) ? number(pair?.['currentRoundTripTime']) * 1000 : undefined,
		availableBitrate: has(pair?.['availableOutgoingBitrate']) ? number(pair?.['availableOutgoingBitrate']) : undefined,
		protocol: local === undefined ? undefined : [text(local['relayProtocol'] ?? local['protocol']), text(local['candidateType'])].filter((part) => part !== '').join(' '),
		sent: of('outbound-rtp')
			.map((entry) => sentFlow(look(entry)))
			.filter(({ bitrate }) => bitrate > 0),
		received: of('inbound-rtp').flatMap((entry) => receivedFlow(look(entry), seats)),
	};
}

type Look = Readonly<{ entry: Entry; old: Entry; after: Report }>;

function sentFlow({ entry, old, after }: Look): Flow {
	const remote = after.get(text(entry['remoteId'])) as Entry | undefined;
	const limited = text(entry['qualityLimitationReason']);
	return {
		...common({ entry, old, after }, 'bytesSent'),
		loss: number(remote?.['fractionLost']),
		...(text(entry['rid']) === '' ? {} : { layer: text(entry['rid']) }),
		...(limited === '' || limited === 'none' ? {} : { limited }),
	};
}

function receivedFlow({ entry, old, after }: Look, seats: readonly SeatTracks[]): Flow[] {
	const track = text(entry['trackIdentifier']);
	const seat = seats.find(({ audio, video }) => audio === track || video === track);
	if (seat === undefined) return [];
	const received = delta(entry, old, 'packetsReceived');
	const lost = delta(entry, old, 'packetsLost');
	return [
		{
			...common({ entry, old, after }, 'bytesReceived'),
			participant: seat.participant,
			source: seat.source,
			loss: received + lost === 0 ? 0 : lost / (received + lost),
			jitterMs: number(entry['jitter']) * 1000,
			frozenMs: delta(entry, old, 'totalFreezesDuration') * 1000,
		},
	];
}

function common({ entry, old, after }: Look, bytes: string): Flow {
	const seconds = Math.max(0.001, (number(entry['timestamp']) - number(old['timestamp'])) / 1000);
	const known = has(old['timestamp']);
	const codec = text((after.get(text(entry['codecId'])) as Entry | undefined)?.['mimeType']).replace(/^.*\//, '');
	const optional = (name: 'width' | 'height' | 'framesPerSecond', field: string) => (has(entry[field]) ? { [name]: number(entry[field]) } : {});
	return {
		kind: entry['kind'] === 'video' ? 'video' : 'audio',
		bitrate: known ? (delta(entry, old, bytes) * 8) / seconds : 0,
		loss: 0,
		...optional('width', 'frameWidth'),
		...optional('height', 'frameHeight'),
		...optional('framesPerSecond', 'framesPerSecond'),
		...(codec === '' ? {} : { codec }),
	};
}

/** The participants whose sound or picture comes in badly: much is lost, or the picture stands still. */
export function badlyReceived({ received }: Inspection): ReadonlySet<string> {
	const bad = received.filter(({ loss, frozenMs, bitrate, kind }) => bitrate > 0 && (loss > 0.08 || (kind === 'video' && (frozenMs ?? 0) > 500)));
	return new Set(bad.flatMap(({ participant }) => participant ?? []));
}

function delta(entry: Entry, old: Entry, field: string): number {
	return has(old[field]) ? Math.max(0, number(entry[field]) - number(old[field])) : 0;
}

function has(value: unknown): boolean {
	return typeof value === 'number' && Number.isFinite(value);
}

function number(value: unknown): number {
	return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

function text(value: unknown): string {
	return typeof value === 'string' ? value : '';
}
