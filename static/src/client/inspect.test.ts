import { describe, expect, it } from 'vitest';
import { badlyReceived, inspect } from './inspect';

const report = (...entries: readonly Readonly<Record<string, unknown>>[]) => new Map(entries.map((entry) => [String(entry['id']), entry]));
const seats = [{ participant: 'a', source: 'camera', audio: 'ta', video: 'tv' }] as const;
const inbound = (at: number, more: Readonly<Record<string, unknown>>) => ({ id: 'i', type: 'inbound-rtp', kind: 'video', timestamp: at, trackIdentifier: 'tv', codecId: 'c', ...more });
const codec = { id: 'c', type: 'codec', mimeType: 'video/VP8' };

describe('inspect', () => {
	it('tells what came in from whom', () => {
		const before = report(inbound(1000, { bytesReceived: 1000, packetsReceived: 100, packetsLost: 0 }), codec);
		const after = report(inbound(2000, { bytesReceived: 26_000, packetsReceived: 190, packetsLost: 10, jitter: 0.004, frameWidth: 640, frameHeight: 360, framesPerSecond: 30 }), codec);
		const { received } = inspect(before, after, seats);
		expect(received).toEqual([
			{ kind: 'video', participant: 'a', source: 'camera', bitrate: 200_000, loss: 0.1, jitterMs: 4, width: 640, height: 360, framesPerSecond: 30, codec: 'VP8', frozenMs: 0 },
		]);
		expect([...badlyReceived(inspect(before, after, seats))]).toEqual(['a']);
	});

	it('leaves out seats where nobody sits, and counts nothing of a new stream', () => {
		const after = report(inbound(2000, { bytesReceived: 26_000, packetsLost: 4000 }), codec);
		expect(inspect(report(), after, []).received).toEqual([]);
		expect(inspect(report(), after, seats).received[0]).toMatchObject({ bitrate: 0, loss: 0 });
	});

	it('tells what is sent, on which layer and why not more', () => {
		const sent = (at: number, bytesSent: number) => ({ id: 'o', type: 'outbound-rtp', kind: 'video', timestamp: at, bytesSent, rid: 'f', qualityLimitationReason: 'cpu', remoteId: 'r' });
		const after = report(sent(2000, 2000), { id: 'r', type: 'remote-inbound-rtp', fractionLost: 0.25 }, { id: 'p', type: 'candidate-pair', nominated: true, state: 'succeeded', currentRoundTripTime: 0.05, localCandidateId: 'l' }, { id: 'l', type: 'local-candidate', protocol: 'udp', candidateType: 'host' });
		const seen = inspect(report(sent(1000, 1000)), after, seats);
		expect(seen).toMatchObject({ rttMs: 50, protocol: 'udp host', sent: [{ kind: 'video', bitrate: 8000, loss: 0.25, layer: 'f', limited: 'cpu' }] });
	});

	it.each([
		['a frozen picture', { totalFreezesDuration: 0.9 }, ['a']],
		['a short stumble', { totalFreezesDuration: 0.2 }, []],
	])('knows %s', (_, more, want) => {
		const before = report(inbound(1000, { bytesReceived: 0, packetsReceived: 0, packetsLost: 0, totalFreezesDuration: 0 }));
		const after = report(inbound(2000, { bytesReceived: 9000, packetsReceived: 9, packetsLost: 0, ...more }));
		expect([...badlyReceived(inspect(before, after, seats))]).toEqual(want);
	});
});
