// Flash and beep through real Chromium publishers and the server, measured in
// what is recorded. PLENUM_SYNC_SECONDS is how long; drift is only judged when
// that is long enough to see it.
import { writeFile } from 'node:fs/promises';
import { join as path } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { cutOff, instrument, join, launch, tile } from '../src/chromium.ts';
import { apart, beeps, clapperboard, every, flashes, lag, source, type Apart } from './flashes.ts';
import { startServer, until, type Server } from '../src/server.ts';

const seconds = Number(process.env['PLENUM_SYNC_SECONDS'] ?? 24);
const late = Math.min(30, seconds / 4); // until the second camera starts
const reconnect = process.env['PLENUM_SYNC_RECONNECT'] !== 'off';
const mute = Math.min(10, seconds / 6);

/** The bars: lip sync and drift of one person, and how far two may be apart. */
const bars = { median: 40, ppm: 50, people: 60 };

type Track = { source: string; participant: string; path: string; start_us: number; duration_us: number };
type Manifest = { id: string; state: string; participants: { id: string; name: string }[]; tracks: Track[]; derived: { kind: string; path: string }[] };

let server: Server;
let browser: Browser;
beforeAll(async () => {
	[server, browser] = await Promise.all([startServer(), launch()]);
});
afterAll(async () => {
	await browser.close();
	await server.stop();
});

const pause = async (s: number) => { await new Promise((r) => setTimeout(r, s * 1000)); };

const press = async (page: Page, name: string) => { await page.getByRole('button', { name, exact: true }).click(); };

async function enter(room: string, name: string): Promise<{ page: Page; context: BrowserContext }> {
	const context = await browser.newContext({ permissions: ['camera', 'microphone'], viewport: { width: 1280, height: 720 } });
	const page = await context.newPage();
	await instrument(page);
	await page.addInitScript(clapperboard);
	await page.goto(server.url + room);
	await join(page, name);
	return { page, context };
}

async function settled(): Promise<Manifest> {
	return await until('the recording to have ended', async () => {
		const { recordings } = (await (await server.get('/api/v1/recordings')).json()) as { recordings: Manifest[] };
		const m = recordings[0];
		return m !== undefined && (m.state === 'ready' || m.state === 'degraded') && m;
	});
}

async function download(m: Manifest, name: string): Promise<string> {
	const file = path(server.data, name);
	await writeFile(file, Buffer.from(await (await server.get(`/api/v1/recordings/${m.id}/files/${name}`)).arrayBuffer()));
	return file;
}

/** Has the server make files of a recording and returns the first one's name. */
async function derive(m: Manifest, what: Readonly<Record<string, unknown>>): Promise<string> {
	const made = await server.get(`/api/v1/recordings/${m.id}/derived`, {
		method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(what),
	});
	const job = (await made.json()) as { id: string };
	expect(made.ok, JSON.stringify(job)).toBe(true);
	return await until(`${JSON.stringify(what)} to be made`, async () => {
		const j = (await (await server.get(`/api/v1/recordings/${m.id}/derived/${job.id}`)).json()) as { state: string; error: string; files: string[] };
		if (j.state === 'failed') throw new Error(j.error);
		return j.state === 'done' && j.files[0];
	}, 120_000);
}

function tell(what: string, a: Apart): void {
	const f = (x: number) => x.toFixed(1);
	process.stdout.write(`${a.points.map(([x, d]) => `${x.toFixed(1)}s ${d.toFixed(0)}`).join(', ')}\n`);
	process.stdout.write(`${what}: ${String(a.pairs)} flashes, median ${f(a.median)} ms (${f(a.least)} to ${f(a.most)}), drift ${f(a.ppm)} ± ${f(a.error)} ppm\n`);
}

/** Judges what flashes and beeps are apart, less what they are at their source. */
function judge(what: string, a: Apart, bias: number, least: number): void {
	tell(what, a);
	expect.soft(a.pairs, what).toBeGreaterThanOrEqual(least);
	expect.soft(Math.abs(a.median - bias), `${what}: median beside the source's`).toBeLessThanOrEqual(bars.median);
	if (a.error < bars.ppm / 3) expect.soft(Math.abs(a.ppm), `${what}: drift`).toBeLessThanOrEqual(bars.ppm);
}

test('voice and picture stay together through a mute, a late camera and a reconnect', async () => {
	const room = await server.make({ recording_policy: 'automatic' });
	const ann = await enter(room.host_url, 'Ann');
	const bo = await enter(room.meeting_url, 'Bo');
	await tile(ann.page, 'Bo').and(ann.page.locator('[data-state=picture]')).waitFor();
	await press(bo.page, 'Turn off camera');
	const began = Date.now();
	const at = async (s: number) => { await pause(Math.max(0, s - (Date.now() - began) / 1000)); };
	await Promise.all([source(ann.page), source(bo.page)]);
	await at(seconds / 8);
	await press(ann.page, 'Mute microphone');
	await at(seconds / 8 + mute);
	await press(ann.page, 'Unmute microphone');
	await at(seconds / 8 + mute + late);
	await press(bo.page, 'Turn on camera');
	await at(seconds * 0.7);
	if (reconnect) {
		await cutOff(ann.context, ann.page);
		await pause(1);
		await ann.context.setOffline(false);
	}
	await at(seconds + 4);
	const own = new Map<string, number>(); // what each page's flashes and beeps are apart by themselves
	for (const [name, { page }] of [['Ann', ann], ['Bo', bo]] as const) {
		const file = path(server.data, `${name}-source.webm`);
		await writeFile(file, await source(page));
		const a = apart(await flashes(file), await beeps(file));
		tell(`${name}, at the source`, a);
		own.set(name, a.median);
	}
	for (const { page } of [ann, bo]) process.stdout.write(`a clapperboard is ${(await lag(page)).toFixed(1)} ms behind\n`);
	await ann.context.close();
	await bo.context.close();
	expect((await server.get(`/api/v1/rooms/${room.id}`, { method: 'DELETE' })).ok).toBe(true);
	const m = await settled();

	const flashing: number[][] = [];
	for (const { id, name } of m.participants) {
		const of = async (source: string, meter: (file: string) => Promise<number[]>) => {
			const times: number[] = [];
			for (const t of m.tracks.filter((t) => t.participant === id && t.source === source)) {
				for (const s of await meter(await download(m, t.path))) times.push(s + t.start_us / 1e6);
			}
			return times;
		};
		const [seen, heard] = [await of('camera', flashes), await of('microphone', beeps)];
		flashing.push(seen);
		judge(`${name}, by the manifest's times`, apart(seen, heard), own.get(name) ?? NaN, Math.floor((seconds - late - mute) / every) - 4);
		const both = await download(m, await derive(m, { kind: 'participant', options: { participant: id } }));
		judge(`${name}, in one file`, apart(await flashes(both), await beeps(both)), own.get(name) ?? NaN, Math.floor((seconds - late - mute) / every) - 4);
	}
	const people = apart(flashing[0] ?? [], flashing[1] ?? []);
	tell('two people', people);
	expect.soft(Math.abs(people.median)).toBeLessThanOrEqual(bars.people);

	for (const format of ['webm', 'mp4']) {
		const whole = await download(m, await derive(m, { kind: 'composite', options: { format, height: 360 } }));
		judge(`composite ${format}`, apart(await flashes(whole), await beeps(whole)), ((own.get('Ann') ?? NaN) + (own.get('Bo') ?? NaN)) / 2, 3);
	}
}, 900_000);
