/** Counters of a connection at one moment. */
export type ConnectionCounts = Readonly<{
	/** Milliseconds, from the report itself. */
	at: number;
	bytesReceived: number;
	bytesSent: number;
	/** Round trip in milliseconds, when known. */
	rttMs: number | undefined;
	packetsReceived: number;
	packetsLost: number;
	framesDecoded: number;
	framesSent: number;
	/** The bytes received include the server's reports, which come once a second on what is sent. */
	reports: boolean;
	/** How long ago the last packet of sound or picture came in, in milliseconds, where the browser tells. */
	silentMs: number | undefined;
}>;

/** How the connection did between two moments. */
export type ConnectionSample = Readonly<{
	rttMs: number | undefined;
	/** Lost share of what should have come in, 0 to 1. */
	loss: number;
	receivedBitrate: number;
	sentBitrate: number;
	/** Frames decoded per second, all seats together. */
	framesPerSecond: number;
}>;

/** How the connection is, in words for people. */
export type Quality = 'unknown' | 'good' | 'fair' | 'poor';

/** One entry of an RTCStatsReport, of which browsers fill in what they have. */
type Entry = Readonly<Record<string, unknown>>;

/** Adds up a stats report. */
export function countsOf(report: Iterable<readonly [string, unknown]>): ConnectionCounts {
	const entries = [...report].map(([, entry]) => entry as Entry);
	const of = (type: string) => entries.filter((entry) => entry['type'] === type);
	const sum = (list: readonly Entry[], field: string) => list.reduce((total, entry) => total + numeric(entry[field]), 0);
	const inbound = of('inbound-rtp');
	const pair = of('candidate-pair').find((entry) => entry['nominated'] === true && entry['state'] === 'succeeded');
	const carrier = of('transport')[0] ?? pair ?? {};
	const rtt = pair?.['currentRoundTripTime'];
	return {
		at: numeric(carrier['timestamp'] ?? inbound[0]?.['timestamp']),
		bytesReceived: numeric(carrier['bytesReceived']) || sum(inbound, 'bytesReceived'),
		bytesSent: numeric(carrier['bytesSent']) || sum(of('outbound-rtp'), 'bytesSent'),
		rttMs: typeof rtt === 'number' ? rtt * 1000 : undefined,
		packetsReceived: sum(inbound, 'packetsReceived'),
		packetsLost: sum(inbound, 'packetsLost'),
		framesDecoded: sum(inbound, 'framesDecoded'),
		framesSent: sum(of('outbound-rtp'), 'framesSent'),
		reports: typeof of('transport')[0]?.['bytesReceived'] === 'number',
		silentMs: silence(inbound),
	};
}

/** What happened between two counts. */
export function sampleOf(before: ConnectionCounts, after: ConnectionCounts): ConnectionSample {
	const seconds = Math.max(0.001, (after.at - before.at) / 1000);
	const received = Math.max(0, after.packetsReceived - before.packetsReceived);
	const lost = Math.max(0, after.packetsLost - before.packetsLost);
	return {
		rttMs: after.rttMs,
		loss: received + lost === 0 ? 0 : lost / (received + lost),
		receivedBitrate: Math.max(0, ((after.bytesReceived - before.bytesReceived) * 8) / seconds),
		sentBitrate: Math.max(0, ((after.bytesSent - before.bytesSent) * 8) / seconds),
		framesPerSecond: Math.max(0, (after.framesDecoded - before.framesDecoded) / seconds),
	};
}

/** Judges a sample: loss that concealment can't hide, or delay that makes people talk over each other. */
export function qualityOf(sample: ConnectionSample): Quality {
	const rtt = sample.rttMs ?? 0;
	if (sample.loss > 0.1 || rtt > 600) return 'poor';
	if (sample.loss > 0.03 || rtt > 250) return 'fair';
	return 'good';
}

function silence(inbound: readonly Entry[]): number | undefined {
	const ages = inbound.filter((entry) => typeof entry['lastPacketReceivedTimestamp'] === 'number').map((entry) => numeric(entry['timestamp']) - numeric(entry['lastPacketReceivedTimestamp']));
	return ages.length === 0 ? undefined : Math.max(0, Math.min(...ages));
}

function numeric(value: unknown): number {
	return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
