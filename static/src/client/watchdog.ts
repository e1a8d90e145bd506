/** What the watchdog looks at once a second. Times in milliseconds. */
export type Pulse = Readonly<{
	at: number;
	state: RTCPeerConnectionState;
	/** Everything received on the connection so far, RTCP included. */
	bytesReceived: number;
	/** How long ago the last packet of sound or picture came, where the browser tells. */
	silentMs?: number | undefined;
	/** Something should be coming in: a seat has a picture, or we send and the server reports on it. */
	expected: boolean;
}>;

/** What the watchdog remembers between two looks. */
export type Watch = Readonly<{ bytes: number; lookedAt: number; movedAt: number; restarts: number; notBefore: number }>;

/** How long nothing may come in while something should, in milliseconds: half as long again as between two of the server's reports. */
const SILENCE_MS = 1500;

/** Least and longest wait between two restarts, in milliseconds. */
const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 15_000;

/** The memory of a connection that begins now. */
export function newWatch(at: number): Watch {
	return { bytes: 0, lookedAt: at, movedAt: at, restarts: 0, notBefore: at };
}

/**
 * Looks at the connection. restart is set when ICE should be restarted: it is
 * disconnected or failed, or silent for too long. Restarts that do not help
 * come less and less often.
 */
export function look(watch: Watch, pulse: Pulse): Readonly<{ watch: Watch; restart: boolean }> {
	const moved = pulse.bytesReceived !== watch.bytes;
	// What moved did so since the last look. If it was sound or picture, the
	// browser knows better when; reports it does not date.
	const { silentMs = 0 } = pulse;
	const movedAt = !moved ? watch.movedAt : silentMs < pulse.at - watch.lookedAt ? pulse.at - silentMs : pulse.at;
	const quiet = pulse.expected && pulse.at - movedAt >= SILENCE_MS;
	const broken = pulse.state === 'disconnected' || pulse.state === 'failed';
	const next: Watch = {
		...watch,
		bytes: pulse.bytesReceived,
		lookedAt: pulse.at,
		movedAt: pulse.expected ? movedAt : pulse.at,
		restarts: moved && pulse.state === 'connected' ? 0 : watch.restarts,
	};
	const wanted = broken || (pulse.state === 'connected' && quiet);
	if (!wanted || pulse.at < watch.notBefore) return { watch: next, restart: false };
	return { watch: restarted(next, pulse.at), restart: true };
}

/** The memory after a restart, also one that somebody else asked for. */
export function restarted(watch: Watch, at: number): Watch {
	const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** watch.restarts);
	return { ...watch, restarts: watch.restarts + 1, notBefore: at + pause, movedAt: at };
}
