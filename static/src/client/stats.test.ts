import { describe, expect, it } from 'vitest';
import { countsOf, qualityOf, sampleOf } from './stats';

const report = (entries: Record<string, unknown>[]) => entries.map((entry, index) => [String(index), entry] as const);

describe('countsOf', () => {
	it('adds up seats and takes the carrier from the transport', () => {
		const counts = countsOf(
			report([
				{ type: 'transport', timestamp: 1000, bytesReceived: 900, bytesSent: 50 },
				{ type: 'candidate-pair', nominated: true, state: 'succeeded', currentRoundTripTime: 0.04 },
				{ type: 'inbound-rtp', packetsReceived: 10, packetsLost: 1, framesDecoded: 5 },
				{ type: 'inbound-rtp', packetsReceived: 20, packetsLost: -1 },
				{ type: 'outbound-rtp', framesSent: 7 },
			]),
		);
		expect(counts).toEqual({
			at: 1000,
			bytesReceived: 900,
			bytesSent: 50,
			rttMs: 40,
			packetsReceived: 30,
			packetsLost: 0,
			framesDecoded: 5,
			framesSent: 7,
			reports: true,
			silentMs: undefined,
		});
	});

	it('knows how long ago the last packet came', () => {
		const counts = countsOf(
			report([
				{ type: 'inbound-rtp', timestamp: 9000, lastPacketReceivedTimestamp: 2000 },
				{ type: 'inbound-rtp', timestamp: 9000, lastPacketReceivedTimestamp: 8600 },
				{ type: 'inbound-rtp', timestamp: 9000 },
			]),
		);
		expect(counts.silentMs).toBe(400);
	});

	it('falls back to the streams where a browser has no transport', () => {
		const counts = countsOf(report([{ type: 'inbound-rtp', timestamp: 5, bytesReceived: 3 }, { type: 'inbound-rtp', bytesReceived: 4 }]));
		expect([counts.at, counts.bytesReceived, counts.rttMs]).toEqual([5, 7, undefined]);
	});
});

describe('sampleOf', () => {
	const zero = countsOf([]);
	it('makes rates of counts', () => {
		const later = { ...zero, at: 2000, bytesReceived: 1000, packetsReceived: 90, packetsLost: 10, framesDecoded: 60 };
		expect(sampleOf(zero, later)).toEqual({ rttMs: undefined, loss: 0.1, receivedBitrate: 4000, sentBitrate: 0, framesPerSecond: 30 });
	});
	it('survives counters that went back', () => {
		expect(sampleOf({ ...zero, bytesReceived: 99, packetsLost: 5 }, { ...zero, at: 1000 })).toMatchObject({ loss: 0, receivedBitrate: 0 });
	});
});

describe('qualityOf', () => {
	const sample = { rttMs: 20, loss: 0, receivedBitrate: 0, sentBitrate: 0, framesPerSecond: 0 };
	it.each([
		[{}, 'good'],
		[{ rttMs: undefined }, 'good'],
		[{ loss: 0.05 }, 'fair'],
		[{ rttMs: 300 }, 'fair'],
		[{ loss: 0.2 }, 'poor'],
		[{ rttMs: 700 }, 'poor'],
	])('%j is %s', (change, want) => {
		expect(qualityOf({ ...sample, ...change })).toBe(want);
	});
});
