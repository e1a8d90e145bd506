import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { onlyTransport, testConnection, verdictOf } from './connection-test';
import type { ConnectionReport, Verdict, WayResult } from './connection-test';

const answer = [
	'v=0',
	'a=ice-lite',
	'm=audio 9 UDP/TLS/RTP/SAVPF 111',
	'a=candidate:1 1 udp 2130706431 198.18.0.1 7882 typ host',
	'a=candidate:2 1 UDP 2130706431 2001:db8::1 7882 typ host',
	'a=candidate:3 1 tcp 1671430143 198.18.0.1 7881 typ host tcptype passive',
	'a=end-of-candidates',
	'',
].join('\r\n');

it('leaves the candidates of one transport', () => {
	const udp = onlyTransport(answer, 'udp');
	expect(udp.ports).toEqual(['198.18.0.1:7882/udp', '[2001:db8::1]:7882/udp']);
	expect(udp.sdp).not.toContain('7881');
	const tcp = onlyTransport(answer, 'tcp');
	expect(tcp.ports).toEqual(['198.18.0.1:7881/tcp']);
	expect(tcp.sdp.split('\r\n')).toHaveLength(answer.split('\r\n').length - 2);
	expect(onlyTransport('v=0\r\n', 'tcp')).toEqual({ sdp: 'v=0\r\n', ports: [] });
});

const works = (way: WayResult['way']): WayResult => ({ way, result: 'works', ms: 5 });
const blocked = (way: WayResult['way']): WayResult => ({ way, result: 'blocked' });

it.each<[Verdict, WayResult[]]>([
	['good', [works('udp'), works('tcp'), works('relay')]],
	['good', [works('udp'), blocked('tcp'), blocked('relay')]],
	['tcp_only', [blocked('udp'), works('tcp'), works('relay')]],
	['relay_only', [blocked('udp'), blocked('tcp'), works('relay')]],
	['blocked', [blocked('udp'), blocked('tcp'), { way: 'relay', result: 'absent' }]],
])('%s', (verdict, ways) => {
	expect(verdictOf(ways)).toBe(verdict);
});

describe('testConnection', () => {
	/** What the network lets through; a fake peer connection connects accordingly. */
	let open: ReadonlySet<string>;
	let ice: unknown;
	let trials: number;

	class FakePeer extends EventTarget {
		connectionState: RTCPeerConnectionState = 'new';
		localDescription: { sdp: string } | null = null;
		private readonly relayed: boolean;
		constructor(config: RTCConfiguration) {
			super();
			this.relayed = config.iceTransportPolicy === 'relay';
		}
		addTransceiver(): void {
			return undefined;
		}
		createOffer(): Promise<{ sdp: string }> {
			return Promise.resolve({ sdp: 'offer' });
		}
		setLocalDescription(description: { sdp: string }): Promise<void> {
			this.localDescription = description;
			return Promise.resolve();
		}
		setRemoteDescription({ sdp }: { sdp: string }): Promise<void> {
			const way = this.relayed ? 'relay' : sdp.includes(' tcp ') ? 'tcp' : 'udp';
			if (open.has(way)) {
				this.connectionState = 'connected';
				queueMicrotask(() => this.dispatchEvent(new Event('connectionstatechange')));
			}
			return Promise.resolve();
		}
		close(): void {
			this.connectionState = 'closed';
		}
	}

	const run = async (ways: string[]): Promise<ConnectionReport> => {
		open = new Set(ways);
		const report = testConnection({ room: '1.a', signal: new AbortController().signal });
		await vi.advanceTimersByTimeAsync(6000);
		return report;
	};

	beforeEach(() => {
		vi.useFakeTimers();
		ice = [{ urls: 'turn:a', username: 'u', credential: 'c' }];
		trials = 0;
		vi.stubGlobal('RTCPeerConnection', FakePeer);
		vi.stubGlobal('fetch', (path: string) => {
			if (path.endsWith('/ice')) return Promise.resolve(ice === undefined ? new Response(null, { status: 404 }) : Response.json(ice));
			trials += 1;
			return Promise.resolve(Response.json({ answer }));
		});
	});
	afterEach(() => {
		vi.useRealTimers();
		vi.unstubAllGlobals();
	});

	it('tells which ways work', async () => {
		const report = await run(['tcp', 'relay']);
		expect(report.verdict).toBe('tcp_only');
		expect(report.ways.map(({ way, result }) => `${way} ${result}`)).toEqual(['udp blocked', 'tcp works', 'relay works']);
		expect(report.ports).toEqual(['198.18.0.1:7882/udp', '[2001:db8::1]:7882/udp', '198.18.0.1:7881/tcp']);
	});

	it('asks for no relay where there is none', async () => {
		ice = [];
		const report = await run(['udp']);
		expect(report.verdict).toBe('good');
		expect(report.ways.at(-1)).toEqual({ way: 'relay', result: 'absent' });
		expect(trials).toBe(2);
	});

	it('knows a server that does not answer from a network that blocks', async () => {
		ice = undefined;
		expect((await run(['udp'])).verdict).toBe('no_server');
		ice = [];
		expect((await run([])).verdict).toBe('blocked');
	});
});
