import { writeFile, readdir } from 'node:fs/promises';
import { join as path } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { join, open, tile } from './chromium.ts';
import { colourAt, complaints, loudness, probe } from './media.ts';
import { until, adminPassword } from './server.ts';
import { stage } from './stage.ts';

type Track = { source: string; participant: string; codec: string; path: string; start_us: number; duration_us: number; state: string; gaps: { reason: string }[] };
type Manifest = {
	id: string; state: string; stop_reason: string; duration_us: number;
	participants: { id: string; name: string }[]; tracks: Track[];
	pauses: { from_us: number; to_us: number; by: string }[];
};

const { server, browser } = await stage();

const pause = async (ms: number) => { await new Promise((r) => setTimeout(r, ms)); };

const click = async (page: Page, name: string) => { await page.getByRole('button', { name, exact: true }).click(); };

async function only(): Promise<Manifest> {
	const list = (await (await server.get('/api/v1/recordings')).json()) as { recordings: Manifest[] };
	const newest = list.recordings[0];
	if (newest === undefined) throw new Error('no recording is listed');
	return newest;
}

async function download(m: Manifest, t: Track): Promise<string> {
	const r = await server.get(`/api/v1/recordings/${m.id}/files/${t.path}?download=1`);
	expect(r.status).toBe(200);
	expect(r.headers.get('content-disposition')).toMatch(/^attachment/);
	const file = path(server.data, `downloaded-${t.path}`);
	await writeFile(file, Buffer.from(await r.arrayBuffer()));
	return file;
}

/** Opens two coloured publishers, Ann as the host. */
async function meeting(): Promise<{ ann: Page; bo: Page; close(): Promise<void> }> {
	const room = await server.reserve(60, 'Recorded');
	const ann = await open(browser, server.url + room.host_url, { colour: 'rgb(220, 20, 20)' });
	const bo = await open(browser, server.url + room.meeting_url, { colour: 'rgb(20, 20, 220)' });
	await join(ann.page, 'Ann');
	await join(bo.page, 'Bo');
	for (const [page, other] of [[ann.page, 'Bo'], [bo.page, 'Ann']] as const) {
		await tile(page, other).and(page.locator('[data-state=picture]')).waitFor();
	}
	return { ann: ann.page, bo: bo.page, close: async () => { await Promise.all([ann.context.close(), bo.context.close()]); } };
}

async function startRecording(host: Page): Promise<void> {
	await click(host, 'Start recording');
	const dialog = host.getByRole('dialog').getByRole('button', { name: 'Start recording' });
	await Promise.race([
		dialog.click({ timeout: 5000 }).catch(() => undefined),
		host.getByRole('button', { name: 'Stop recording' }).first().waitFor(),
	]);
	await host.getByRole('button', { name: 'Stop recording' }).first().waitFor();
}

async function stopRecording(host: Page): Promise<void> {
	await click(host, 'Stop recording');
	await host.getByRole('dialog').getByRole('button', { name: 'Stop recording' }).click({ timeout: 2000 }).catch(() => undefined);
	await host.getByRole('button', { name: 'Start recording' }).waitFor();
}

describe('a recording', () => {
	test('of twenty seconds with a mute and a camera off plays, seeks and is as long as it was', async () => {
		const { ann, bo, close } = await meeting();
		await startRecording(ann);
		const t0 = Date.now();
		await bo.getByText(/recording/i).first().waitFor(); // everybody is told
		await pause(5000);
		await click(bo, 'Mute microphone');
		await click(ann, 'Turn off camera');
		await pause(6000);
		await click(bo, 'Unmute microphone');
		await click(ann, 'Turn on camera');
		await pause(Math.max(0, 20_000 - (Date.now() - t0)));
		const seconds = (Date.now() - t0) / 1000;
		await stopRecording(ann);
		const m = await until('the recording to be ready', async () => {
			const got = await only();
			return got.state === 'ready' && got;
		});
		expect(m.duration_us / 1e6).toBeGreaterThan(seconds - 0.5);
		expect(m.duration_us / 1e6).toBeLessThan(seconds + 1.5);
		const sources = m.tracks.map((t) => `${m.participants.find((p) => p.id === t.participant)?.name ?? '?'} ${t.source}`);
		expect(sources.sort()).toEqual(['Ann camera', 'Ann microphone', 'Bo camera', 'Bo microphone']);
		for (const t of m.tracks) {
			const who = m.participants.find((p) => p.id === t.participant)?.name;
			const file = await download(m, t);
			const p = await probe(file);
			expect(p.codecs).toEqual([t.source === 'camera' ? 'vp8' : 'opus']);
			const whole = m.duration_us / 1e6 - t.start_us / 1e6;
			process.stdout.write(`${String(who)} ${t.source}: ${p.seconds.toFixed(2)} s of ${whole.toFixed(2)} s, starts at ${(t.start_us / 1e6).toFixed(2)} s\n`);
			expect(Math.abs(p.seconds - whole), `${t.path} duration`).toBeLessThan(0.5);
			expect(await complaints(file), t.path).toBe('');
			if (t.source === 'camera') {
				const [r, , b] = await colourAt(file, p.seconds - 3);
				expect(who === 'Ann' ? r > b : b > r, `${t.path} shows its own participant`).toBe(true);
			} else if (who === 'Bo') {
				const offset = t.start_us / 1e6;
				expect(await loudness(file, 2 - offset, 2)).toBeGreaterThan(-40);
				expect(await loudness(file, 7.5 - offset, 2)).toBeLessThan(-60); // muted
				expect(await loudness(file, 14 - offset, 3)).toBeGreaterThan(-40);
			}
		}
		await playsInChromium(m);
		await close();
	});

	test('pauses and goes on at a host’s word, and everybody is told', async () => {
		const { ann, bo, close } = await meeting();
		await startRecording(ann);
		await pause(2000);
		await click(ann, 'More');
		await ann.getByRole('menuitem', { name: 'Pause recording' }).click();
		await bo.getByText('Ann paused the recording.').first().waitFor();
		await bo.getByRole('img', { name: 'The recording is paused' }).waitFor();
		await pause(3000);
		await click(ann, 'More');
		await ann.getByRole('menuitem', { name: 'Resume recording' }).click();
		await bo.getByText('Ann resumed the recording.').first().waitFor();
		await bo.getByRole('img', { name: 'This meeting is being recorded' }).waitFor();
		await pause(2000);
		await stopRecording(ann);
		const m = await until('the recording to be ready', async () => {
			const got = await only();
			return got.state === 'ready' && got;
		});
		expect(m.pauses.map(({ by }) => by)).toEqual(['Ann']);
		const [{ from_us: from, to_us: to } = { from_us: NaN, to_us: NaN }] = m.pauses;
		expect(to - from).toBeGreaterThan(3e6);
		for (const t of m.tracks) {
			expect(t.gaps.map(({ reason }) => reason), t.path).toContain('paused');
			const file = await download(m, t);
			expect(await complaints(file), t.path).toBe('');
			if (t.source !== 'microphone') continue;
			expect(await loudness(file, (from - t.start_us) / 1e6 + 0.6, 2), t.path).toBeLessThan(-60);
			expect(await loudness(file, (to - t.start_us) / 1e6 + 0.6, 1), t.path).toBeGreaterThan(-40);
		}
		await close();
	});

	test('survives the death of the server', async () => {
		const { ann, close } = await meeting();
		await startRecording(ann);
		const t0 = Date.now();
		await pause(8000);
		const lived = (Date.now() - t0) / 1000;
		await server.crashAndRestart();
		const m = await only();
		expect(m.state).toBe('degraded');
		expect(m.stop_reason).toBe('crash');
		expect(m.tracks.length).toBe(4);
		for (const t of m.tracks) {
			const file = await download(m, t);
			const p = await probe(file);
			process.stdout.write(`after kill -9 at ${lived.toFixed(2)} s, ${t.path} holds ${(p.seconds + t.start_us / 1e6).toFixed(2)} s\n`);
			expect(p.seconds + t.start_us / 1e6, t.path).toBeGreaterThan(lived - 2);
			expect(await complaints(file), t.path).toBe('');
		}
		expect((await readdir(path(server.data, 'recordings'))).length).toBeGreaterThan(0);
		// The people come back by themselves, into the same room.
		await ann.getByRole('article', { name: /^Bo/ }).and(ann.locator('[data-state=picture]')).waitFor({ timeout: 60_000 });
		await close();
	});
});

/** Logs in as the admin and plays each file of a recording from its middle, in a page of ours with its CSP. */
async function playsInChromium(m: Manifest): Promise<void> {
	const context = await browser.newContext();
	const page = await context.newPage();
	await page.goto(`${server.url}/admin/recordings/${m.id}`);
	await page.getByRole('textbox', { name: /name/i }).fill('admin');
	await page.getByLabel(/password/i).fill(adminPassword);
	await page.getByRole('button', { name: /log in/i }).click();
	await page.getByRole('heading', { name: 'Recorded' }).first().waitFor();
	for (const t of m.tracks) {
		const result = await page.evaluate(async (source) => {
			const media = document.createElement('video');
			media.muted = true;
			media.src = source;
			document.body.append(media);
			const heard = async (event: string) => { await new Promise((done) => { media.addEventListener(event, done, { once: true }); }); };
			await heard('loadedmetadata');
			const sought = heard('seeked');
			media.currentTime = media.duration / 2;
			await sought;
			const at = media.currentTime;
			await media.play();
			while (media.currentTime <= at + 0.3) await heard('timeupdate');
			return { duration: media.duration, at };
		}, `/api/v1/recordings/${m.id}/files/${t.path}`);
		expect(Number.isFinite(result.duration), `${t.path} has a finite duration`).toBe(true);
		expect(result.at).toBeGreaterThan(result.duration / 2 - 0.1);
	}
	await context.close();
}
