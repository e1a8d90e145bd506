// Starts the real binary with a folder of its own and talks to it as an HTTP client would.
import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const binary = resolve(fileURLToPath(import.meta.url), '../../../../bin/plenum');

/** The password every test server gives its admin. */
export const adminPassword = 'correct horse battery';

/** What reserving a room answers. */
export type Reservation = Readonly<{ meeting_url: string; host_url: string; description: string; duration: number }>;

/** One running server. It must be stopped. */
export type Server = {
	readonly url: string;
	readonly data: string;
	/** Calls a path with the admin's Basic credentials. */
	get(path: string, init?: RequestInit): Promise<Response>;
	/** Reserves a room for some minutes. */
	reserve(minutes?: number, description?: string): Promise<Reservation>;
	/** Reserves a room by the API, with rules such as a lobby or a passcode. */
	make(rules: Readonly<Record<string, unknown>>): Promise<Readonly<{ id: string; meeting_url: string; host_url: string }>>;
	/** Kills the server as a power cut would, and starts it again on the same folder and ports. */
	crashAndRestart(): Promise<void>;
	/** What the server has logged so far. */
	log(): string;
	stop(): Promise<void>;
};

/** Resolves once check gives something other than undefined and false, or rejects when patience is over. */
export async function until<T>(what: string, check: () => Promise<T | undefined | false> | T | undefined | false, ms = 30_000): Promise<T> {
	const end = Date.now() + ms;
	for (;;) {
		const got = await check();
		if (got !== undefined && got !== false) return got;
		if (Date.now() > end) throw new Error(`timed out waiting for: ${what}`);
		await new Promise((r) => setTimeout(r, 50));
	}
}

async function freePort(): Promise<number> {
	return await new Promise((done, fail) => {
		const s = createServer();
		s.once('error', fail);
		s.listen(0, '127.0.0.1', () => {
			const address = s.address();
			s.close(() => (address !== null && typeof address === 'object' ? done(address.port) : fail(new Error('no port'))));
		});
	});
}

/** How a server is started: the network namespace it is in, the addresses HTTP and media arrive on, HTTPS with its own certificate, and further flags. */
export type Options = Readonly<{ namespace?: string; host?: string; media?: string; https?: boolean; args?: readonly string[] }>;

/** Starts a server on free ports, of the loopback unless told otherwise. */
export async function startServer(options: Options = {}): Promise<Server> {
	const host = options.host ?? '127.0.0.1';
	const media = options.media ?? host;
	const [http, udp, tcp] = await Promise.all([freePort(), freePort(), freePort()]);
	const data = await mkdtemp(join(tmpdir(), 'plenum-test-'));
	const url = `${options.https === true ? 'https' : 'http'}://${host}:${String(http)}`;
	let child: ChildProcess | undefined;
	let log = '';
	const start = async () => {
		const args = ['serve', '--listen', `${host}:${String(http)}`, '--data', data,
			'--media-udp', `${media}:${String(udp)}`, '--media-tcp', `${media}:${String(tcp)}`,
			...(options.https === true ? ['--tls', 'self-signed'] : []), ...(options.args ?? [])];
		const [program, ...before] = options.namespace === undefined ? [binary] : ['ip', 'netns', 'exec', options.namespace, binary];
		const c = spawn(program ?? binary, [...before, ...args], { env: { ...process.env, PLENUM_ADMIN_PASSWORD: adminPassword }, stdio: ['ignore', 'pipe', 'pipe'] });
		child = c;
		for (const stream of [c.stdout, c.stderr]) stream.on('data', (d: Buffer) => { log += d.toString(); });
		await until('the server to be ready', async () => {
			if (c.exitCode !== null) throw new Error(`the server ended:\n${log}`);
			return await fetch(`${url}/readyz`).then((r) => r.ok, () => false);
		});
	};
	const end = async (signal: NodeJS.Signals) => {
		const c = child;
		if (c === undefined || c.exitCode !== null || c.signalCode !== null) return;
		const gone = new Promise((done) => c.once('exit', done));
		c.kill(signal);
		await gone;
	};
	const get = async (path: string, init: RequestInit = {}) => {
		const headers = new Headers(init.headers);
		headers.set('Authorization', `Basic ${Buffer.from(`admin:${adminPassword}`).toString('base64')}`);
		return await fetch(url + path, { ...init, headers });
	};
	await start();
	return {
		url,
		data,
		get,
		reserve: async (minutes = 60, description = 'Weekly sync') => {
			const query = new URLSearchParams({ duration: String(minutes), timezone: 'Asia/Kolkata', description });
			const r = await get(`/reserve_room/?${query.toString()}`);
			if (!r.ok) throw new Error(`reserve: ${String(r.status)} ${await r.text()}`);
			return (await r.json()) as Reservation;
		},
		make: async (rules) => {
			const body = JSON.stringify({ duration: 60, timezone: 'UTC', description: 'Weekly sync', ...rules });
			const r = await get('/api/v1/rooms', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
			if (r.status !== 201) throw new Error(`make a room: ${String(r.status)} ${await r.text()}`);
			return (await r.json()) as { id: string; meeting_url: string; host_url: string };
		},
		crashAndRestart: async () => {
			await end('SIGKILL');
			await start();
		},
		log: () => log,
		stop: async () => {
			await end('SIGTERM');
			await rm(data, { recursive: true, force: true });
		},
	};
}
