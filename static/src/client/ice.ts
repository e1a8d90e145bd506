/** What helps a connection where networks are difficult. It asks the server by itself. */
export type IceServers = Readonly<{
	/** The servers to connect with. Waits for the first answer, but not for long. */
	get: () => Promise<readonly RTCIceServer[]>;
}>;

export type IceOptions = Readonly<{
	room: string;
	/** Called with newer servers, whose credentials hold longer. */
	onRenewed: (servers: readonly RTCIceServer[]) => void;
	signal: AbortSignal;
}>;

/** Credentials hold for an hour. In milliseconds. */
const RENEW_MS = 20 * 60_000;

/** How long joining may wait for the first answer: most networks need none of it. In milliseconds. */
const PATIENCE_MS = 1000;

/** Returns the servers of a room, asked for at once. */
export function createIceServers({ room, onRenewed, signal }: IceOptions): IceServers {
	let latest: readonly RTCIceServer[] = [];
	const ask = async () => {
		const servers = await fetchIceServers(room, signal);
		if (servers !== undefined) latest = servers;
	};
	const first = ask();
	const timer = setInterval(() => void ask().then(() => onRenewed(latest)), RENEW_MS);
	signal.addEventListener('abort', () => clearInterval(timer), { once: true });
	return {
		get: async () => {
			await Promise.race([first, new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
			return latest;
		},
	};
}

/** Asks the server for a room's ICE servers; undefined when it does not say. */
export async function fetchIceServers(room: string, signal: AbortSignal): Promise<readonly RTCIceServer[] | undefined> {
	try {
		const response = await fetch(`/meeting/${encodeURIComponent(room)}/ice`, { signal, cache: 'no-store' });
		return response.ok ? decodeIceServers(await response.json()) : undefined;
	} catch {
		return undefined;
	}
}

/** Reads the list of ICE servers, leaving out what a browser would refuse. */
export function decodeIceServers(value: unknown): readonly RTCIceServer[] {
	if (!Array.isArray(value)) return [];
	return value.flatMap((entry: unknown): RTCIceServer[] => {
		if (typeof entry !== 'object' || entry === null) return [];
		const { urls, username, credential } = entry as Readonly<Record<string, unknown>>;
		if (typeof urls !== 'string' || !/^(stuns?|turns?):./.test(urls)) return [];
		if (!urls.startsWith('turn')) return [{ urls }];
		return typeof username === 'string' && typeof credential === 'string' ? [{ urls, username, credential }] : [];
	});
}
