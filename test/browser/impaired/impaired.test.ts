// What people see and hear across a bad link: real browsers, a real server, the
// link of test/impaired between them. Run by `npm run impaired` as root; prints
// a table and appends one line of JSON per row to test/artifacts/impaired.jsonl.
// It asserts only that there are figures.
//
// PLENUM_IMPAIRED_ROWS    regular expression that picks rows
// PLENUM_IMPAIRED_WAY     down (default): the viewer is at the far end; up: the publisher is
// PLENUM_IMPAIRED_BROWSER chromium (default) or firefox: who views; firefox has
//                         only the rows of loss, towards the viewer
// PLENUM_IMPAIRED_SECONDS how long the link is bad, default 20
// PLENUM_IMPAIRED_TRACE   1: each second, what the publisher sends and the viewer got
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync } from 'node:fs';
import { loadavg } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { backAfter, smoothness, steadyFrom } from '../src/frames.ts';
import { startServer, until, type Server } from '../src/server.ts';
import { HEAD, line, REST, ROWS, type BreakRow, type LossRow, type Result, type Row } from './rows.ts';
import { enter, framesOf, happenings, impair, sample, sending, start, type Kind, type Page, type Rig } from './viewer.ts';

process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'; // nobody vouches for the server's certificate

const env = (name: string, otherwise: string) => process.env[`PLENUM_IMPAIRED_${name}`] ?? otherwise;
const way = env('WAY', 'down') === 'up' ? 'up' : 'down';
const kind: Kind = env('BROWSER', 'chromium') === 'firefox' ? 'firefox' : 'chromium';
const badFor = Number(env('SECONDS', '20')) * 1000;
const rows = ROWS.filter((row) => new RegExp(env('ROWS', '.')).test(row.name) && (kind === 'chromium' || row.kind === 'loss'));
const far = process.env['PLENUM_TEST_FAR'] ?? '';
const near = process.env['PLENUM_TEST_MEDIA'] ?? '';

// Firefox is told what to do over a port of this namespace's loopback, so it
// stays here and the server goes to the far end; Chromium over a pipe.
const swapped = kind === 'firefox';
const media = swapped ? near.replace(/1$/, '2') : near;
const [towards, away] = swapped ? ['ba', 'ab'] : ['ab', 'ba'];

/** The rate of the fake camera. */
const NOMINAL = 20;

let server: Server;
let viewers: Rig;
let publishers: Rig;
beforeAll(async () => {
	impair(`both ${REST}`);
	if (swapped && way === 'up') throw new Error('Firefox has no rows of the uplink');
	server = await startServer({ ...(swapped ? { namespace: far } : {}), host: media, media, https: true, args: ['--media-loopback', 'off'] });
	[viewers, publishers] = await Promise.all([
		start(kind, way === 'down' && !swapped ? far : undefined),
		start('chromium', way === 'up' || swapped ? far : undefined),
	]);
});
afterAll(async () => {
	await Promise.all([viewers.close(), publishers.close()]);
	await server.stop();
});

const rest = async (ms: number) => { await new Promise((r) => setTimeout(r, ms)); };

type Pair = Readonly<{ viewer: Page; publisher: Page; url: string }>;

/** Two meet; resolves when frames have come for a while. */
async function meet(): Promise<Pair> {
	const room = await server.reserve();
	const url = server.url + room.meeting_url;
	const [publisher, viewer] = await Promise.all([publishers.page(true), viewers.page(false)]);
	await enter(publisher, url, 'Bo');
	await enter(viewer, url, 'Ann');
	await until('the sharp layer', async () => (await sample(viewer)).height >= 360, 20_000).catch(() => undefined);
	await rest(3000);
	return { viewer, publisher, url };
}

async function part(pair: Pair): Promise<void> {
	await Promise.all([pair.viewer.close(), pair.publisher.close()]);
}

/** Frames per second over some seconds. */
async function rate(page: Page, ms: number): Promise<number> {
	const before = await sample(page);
	await rest(ms);
	const after = await sample(page);
	return ((after.frames - before.frames) * 1000) / (after.at - before.at);
}

/** Bytes of media as the server has sent them the first time, and all bytes that went to the viewer's end of the link. */
async function sent(): Promise<{ media: number; all: number }> {
	const text = await (await server.get('/metrics')).text();
	const of = (name: string) => Number(new RegExp(`^plenum_media_${name} (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
	const headers = 68; // IP, UDP, RTP with CSRC and extension, tag
	return { media: of('forwarded_bytes_total') + headers * of('packets_forwarded_total'), all: Number(new RegExp(`^${towards} .*bytes=(\\d+)`, 'm').exec(impair('stats'))?.[1] ?? 0) };
}

/** What is common to the results of all rows. */
function common(row: Row, before: number, protocol: string): Result {
	return {
		row: row.name, direction: way, browser: kind, load: loadavg()[0] ?? 0, void: before < 0.8 * NOMINAL, protocol, before,
	};
}

/** Lets time pass; prints what both ends say of it, if that is asked for. */
async function trace(row: Row, { viewer, publisher }: Pair, ms: number): Promise<void> {
	if (env('TRACE', '') === '') {
		await rest(ms);
		return;
	}
	const from = Date.now();
	for (let frames = 0; Date.now() - from < ms; await rest(1000)) {
		const got = await sample(viewer);
		process.stdout.write(`${row.name} ${((Date.now() - from) / 1000).toFixed(0)} s: ${String(got.frames - frames)} frames, ${JSON.stringify(got)}\n${await sending(publisher)}\n`);
		frames = got.frames;
	}
}

async function bad(row: LossRow, pair: Pair): Promise<Result> {
	const { viewer } = pair;
	const before = await rate(viewer, 3000);
	impair(`${way === 'down' ? towards : away} ${row.spec}`);
	const [from, bytes] = [await sample(viewer), await sent()];
	await trace(row, pair, badFor);
	const [to, bytesAfter, frames] = [await sample(viewer), await sent(), await framesOf(viewer)];
	impair(`both ${REST}`);
	const seconds = (to.at - from.at) / 1000;
	const { freezes, frozenMs, longestMs } = smoothness(frames, from.at, to.at);
	if (longestMs > 2000) await tell(row, viewer, from.at);
	const media = Math.max(1, bytesAfter.media - bytes.media);
	const restored = Date.now();
	const full = await until('the full rate', async () => steadyFrom(await framesOf(viewer), restored, 0.9 * before), 8000).catch(() => undefined);
	return {
		...common(row, before, to.protocol),
		kept: Math.min(100, (100 * (to.frames - from.frames)) / seconds / before),
		freezes, frozenS: frozenMs / 1000, gapMs: longestMs,
		concealed: (100 * (to.concealed - from.concealed)) / Math.max(1, to.heard - from.heard),
		...(full === undefined ? {} : { fullS: (full - restored) / 1000 }),
		...(way === 'down' ? { sentOverMedia: (bytesAfter.all - bytes.all) / media } : {}),
		repaired: to.repaired - from.repaired, nacks: to.nacks - from.nacks, plis: to.plis - from.plis, height: to.height,
	};
}

/** Moves the far end to another address, as when a laptop changes networks. */
function changeAddress(): void {
	const ip = (...args: string[]) => execFileSync('ip', ['-n', far, ...args]);
	const now = /inet (198\.18\.78\.\d+)/.exec(ip('-4', 'addr', 'show', 'dev', 'eth0').toString())?.[1] ?? '';
	const next = `198.18.78.${String(Number(now.split('.')[3]) + 1)}`;
	ip('addr', 'del', `${now}/24`, 'dev', 'eth0');
	ip('addr', 'add', `${next}/24`, 'dev', 'eth0');
	ip('route', 'replace', 'default', 'via', media, 'dev', 'eth0');
}

/** Breaks the path of a meeting; resolves with the moment from which the picture could be back. */
async function disturb(row: BreakRow): Promise<number> {
	switch (row.kind) {
		case 'flap':
			impair('both down=1');
			await rest(5000);
			impair(`both ${REST}`);
			break;
		case 'udp':
		case 'udp-before':
			impair(`both ${REST},udp=drop`);
			break;
		case 'address':
			changeAddress();
	}
	return Date.now();
}

/** Prints what the far page went through, in seconds since the picture could be back. */
async function tell(row: Row, page: Page, since: number): Promise<void> {
	for (const { at, what } of await happenings(page)) {
		if (at > since - 6000) process.stdout.write(`${row.name}: ${((at - since) / 1000).toFixed(2).padStart(6)} ${what}\n`);
	}
}

async function broken(row: BreakRow, pair: Pair): Promise<Result> {
	const before = await rate(pair.viewer, 3000);
	const since = await disturb(row);
	const pause = row.kind === 'flap' ? 3000 : 500;
	// Frames that were under way may still be shown for a moment.
	const back = await until('the picture', async () => backAfter(await framesOf(pair.viewer), since, pause), 40_000).catch(() => undefined);
	const full = await until('the full rate', async () => steadyFrom(await framesOf(pair.viewer), back ?? since, 0.9 * before), 10_000).catch(() => undefined);
	const { protocol, candidate, height } = await sample(pair.viewer);
	await tell(row, way === 'down' ? pair.viewer : pair.publisher, since);
	impair(`both ${REST}`);
	return {
		...common(row, before, protocol), height, note: candidate,
		...(back === undefined ? {} : { backS: (back - since) / 1000 }),
		...(full === undefined ? {} : { fullS: (full - since) / 1000 }),
	};
}

/** Joins where UDP never worked; the other end's path is free only when it is near. */
async function joinedWithoutUDP(row: BreakRow, pair: Pair): Promise<Result> {
	const before = await rate(pair.viewer, 2000);
	await disturb(row);
	const newcomer = await (way === 'down' ? viewers : publishers).page(way === 'up');
	const clicked = await enter(newcomer, pair.url, 'Cy');
	const looked = way === 'down' ? newcomer : pair.viewer;
	const first = await until('a picture', async () => (await framesOf(looked)).find((at) => at > clicked), 40_000).catch(() => undefined);
	const { protocol, height } = await sample(newcomer);
	await newcomer.close();
	impair(`both ${REST}`);
	return { ...common(row, before, protocol), height, ...(first === undefined ? {} : { backS: (first - clicked) / 1000 }) };
}

test('the impairment table', async () => {
	const results: Result[] = [];
	process.stdout.write(`\n${kind}, ${way}link, ${String(badFor / 1000)} s each; (bar); **missed**\n\n${HEAD}\n`);
	mkdirSync('../artifacts', { recursive: true });
	let pair: Pair | undefined;
	for (const row of rows) {
		pair ??= await meet();
		const result = row.kind === 'loss' ? await bad(row, pair) : row.kind === 'udp-before' ? await joinedWithoutUDP(row, pair) : await broken(row, pair);
		results.push(result);
		process.stdout.write(`${line(row, result)}\n`);
		appendFileSync('../artifacts/impaired.jsonl', `${JSON.stringify({ time: new Date().toISOString(), ...result })}\n`);
		if (row.kind !== 'loss') { // begin anew
			await part(pair);
			pair = undefined;
		}
	}
	if (pair !== undefined) await part(pair);
	expect(results.length).toBe(rows.length);
});
