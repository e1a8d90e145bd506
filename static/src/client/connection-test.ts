import { fetchIceServers } from './ice';

/** A way by which sound and picture may reach the server. */
export type Way = 'udp' | 'tcp' | 'relay';

/** What trying a way gave: how long it took to connect, or that it is blocked, or that the server has none. */
export type WayResult = Readonly<{ way: Way; result: 'works'; ms: number } | { way: Way; result: 'blocked' } | { way: Way; result: 'absent' }>;

/** How well a browser here will take part: as it should, with what stands in its way, or not at all. */
export type Verdict = 'good' | 'tcp_only' | 'relay_only' | 'blocked' | 'no_server' | 'unsupported';

/** What a connection test found. */
export type ConnectionReport = Readonly<{ verdict: Verdict; ways: readonly WayResult[]; /** Where the server listens for media, as host:port/transport. */ ports: readonly string[] }>;

export type ConnectionTestOptions = Readonly<{ room: string; signal: AbortSignal }>;

/** How long a way may take to connect, in milliseconds. */
const PATIENCE_MS = 6000;

/** Tries every way to the server at once and tells which of them work. */
export async function testConnection({ room, signal }: ConnectionTestOptions): Promise<ConnectionReport> {
	if (typeof RTCPeerConnection === 'undefined') return { verdict: 'unsupported', ways: [], ports: [] };
	const servers = await fetchIceServers(room, signal);
	if (servers === undefined) return { verdict: 'no_server', ways: [], ports: [] };
	const relays = servers.filter(({ urls }) => String(urls).startsWith('turn'));
	const tries = await Promise.all((['udp', 'tcp', 'relay'] as const).map((way) => tryWay(way, relays, room, signal)));
	const ports = [...new Set(tries.flatMap((one) => one.ports))];
	const ways = tries.map(({ result }) => result);
	const reached = tries.some((one) => one.answered);
	return { verdict: reached ? verdictOf(ways) : 'no_server', ways, ports };
}

/** What the ways that work mean for a meeting. */
export function verdictOf(ways: readonly WayResult[]): Verdict {
	const works = (way: Way) => ways.some((one) => one.way === way && one.result === 'works');
	if (works('udp')) return 'good';
	if (works('tcp')) return 'tcp_only';
	return works('relay') ? 'relay_only' : 'blocked';
}

type Try = Readonly<{ result: WayResult; ports: readonly string[]; answered: boolean }>;

async function tryWay(way: Way, relays: readonly RTCIceServer[], room: string, signal: AbortSignal): Promise<Try> {
	if (way === 'relay' && relays.length === 0) return { result: { way, result: 'absent' }, ports: [], answered: false };
	const pc = new RTCPeerConnection(way === 'relay' ? { iceServers: [...relays], iceTransportPolicy: 'relay' } : {});
	try {
		pc.addTransceiver('audio', { direction: 'sendonly' });
		await pc.setLocalDescription(await pc.createOffer());
		const answer = await askTrial(room, pc.localDescription?.sdp ?? '', signal);
		if (answer === undefined) return { result: { way, result: 'blocked' }, ports: [], answered: false };
		const transport = way === 'tcp' ? 'tcp' : 'udp';
		const { sdp, ports } = onlyTransport(answer, transport);
		if (ports.length === 0) return { result: { way, result: 'absent' }, ports, answered: true };
		const began = performance.now();
		await pc.setRemoteDescription({ type: 'answer', sdp });
		const connected = await connects(pc, signal);
		return { result: connected ? { way, result: 'works', ms: Math.round(performance.now() - began) } : { way, result: 'blocked' }, ports, answered: true };
	} catch {
		return { result: { way, result: 'blocked' }, ports: [], answered: false };
	} finally {
		pc.close();
	}
}

async function askTrial(room: string, offer: string, signal: AbortSignal): Promise<string | undefined> {
	const response = await fetch(`/api/v1/rooms/${encodeURIComponent(room)}/trial`, {
		method: 'POST',
		headers: { 'Content-Type': 'application/json' },
		body: JSON.stringify({ offer }),
		signal,
	});
	if (!response.ok) return undefined;
	const value: unknown = await response.json();
	const answer = typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)['answer'] : undefined;
	return typeof answer === 'string' ? answer : undefined;
}

/** Leaves an answer only the candidates of one transport, and lists where they are. */
export function onlyTransport(answer: string, transport: 'udp' | 'tcp'): Readonly<{ sdp: string; ports: readonly string[] }> {
	const ports = new Set<string>();
	const lines = answer.split('\r\n').filter((line) => {
		const [, , protocol, , address, port] = line.startsWith('a=candidate:') ? line.split(' ') : [];
		if (protocol === undefined || address === undefined || port === undefined) return true;
		if (protocol.toLowerCase() !== transport) return false;
		ports.add(`${address.includes(':') ? `[${address}]` : address}:${port}/${transport}`);
		return true;
	});
	return { sdp: lines.join('\r\n'), ports: [...ports] };
}

function connects(pc: RTCPeerConnection, signal: AbortSignal): Promise<boolean> {
	return new Promise((resolve) => {
		const timer = setTimeout(() => resolve(false), PATIENCE_MS);
		const end = (works: boolean) => {
			clearTimeout(timer);
			resolve(works);
		};
		const look = () => {
			if (pc.connectionState === 'connected') end(true);
			if (pc.connectionState === 'failed' || pc.connectionState === 'closed') end(false);
		};
		pc.addEventListener('connectionstatechange', look);
		signal.addEventListener('abort', () => end(false), { once: true });
		look();
	});
}
