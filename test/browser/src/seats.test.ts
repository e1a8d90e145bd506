import { expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { join, open, tile } from './chromium.ts';
import { until } from './server.ts';
import { stage } from './stage.ts';

/** Three publishers, each with a camera of its own colour. */
const people = { Red: 'rgb(220, 20, 20)', Green: 'rgb(20, 200, 20)', Blue: 'rgb(20, 20, 220)' } as const;
type Name = keyof typeof people;
const names = ['Red', 'Green', 'Blue'] as const;
const switches = 10;

/** What the watching script has seen: frames by tile and colour. */
type Seen = { samples: number; shown: Record<string, number>; wrong: string[] };

const { server, browser } = await stage();

/**
 * Samples every visible picture of the page on each animation frame and each
 * video frame, and notes the ones whose colour is not that of the name.
 */
function watchColours(): void {
	const seen: Seen = { samples: 0, shown: {}, wrong: [] };
	(window as unknown as { plenumSeen: Seen }).plenumSeen = seen;
	const canvas = document.createElement('canvas');
	canvas.width = canvas.height = 8;
	const g = canvas.getContext('2d', { willReadFrequently: true });
	const sample = (video: HTMLVideoElement) => {
		const article = video.closest('article');
		const name = /^(Red|Green|Blue)/.exec(article?.getAttribute('aria-label') ?? '')?.[1];
		if (g === null || name === undefined || video.videoWidth === 0 || video.srcObject === null) return;
		if (!video.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return;
		g.drawImage(video, 0, 0, video.videoWidth, video.videoHeight * 0.8, 0, 0, 8, 8);
		const [r = 0, green = 0, b = 0, alpha = 0] = g.getImageData(4, 4, 1, 1).data;
		if (alpha === 0 || Math.max(r, green, b) < 100) return; // nothing drawn, or still black
		const colour = r > green && r > b ? 'Red' : green > b ? 'Green' : 'Blue';
		seen.samples++;
		seen.shown[name] = (seen.shown[name] ?? 0) + 1;
		if (colour !== name) seen.wrong.push(`${colour} (${String(r)},${String(green)},${String(b)}) under ${name}`);
	};
	const watched = new WeakSet<HTMLVideoElement>();
	const onFrame = (video: HTMLVideoElement) => {
		video.requestVideoFrameCallback(() => {
			sample(video);
			onFrame(video);
		});
	};
	const loop = () => {
		for (const video of document.querySelectorAll('video')) {
			if (!watched.has(video)) {
				watched.add(video);
				onFrame(video);
			}
			sample(video);
		}
		requestAnimationFrame(loop);
	};
	loop();
}

const seen = async (page: Page): Promise<Seen> => await page.evaluate(() => (window as unknown as { plenumSeen: Seen }).plenumSeen);

test('no frame ever stands under the wrong name while one seat goes round', async () => {
	const room = await server.reserve();
	const pages = new Map<Name, Page>();
	for (const name of names) {
		const { page } = await open(browser, server.url + room.meeting_url, { colour: people[name] });
		await join(page, name);
		await page.getByRole('button', { name: 'Mute microphone' }).click();
		pages.set(name, page);
	}
	// One seat only: whoever speaks gets it, so it goes from one to the next while all three publish.
	const viewer = await open(browser, `${server.url}${room.meeting_url}?seats=1`);
	await viewer.page.evaluate(watchColours);
	await join(viewer.page, 'Viewer');
	await viewer.page.getByRole('button', { name: 'Mute microphone' }).click();
	for (const name of names) await tile(viewer.page, name).waitFor();

	for (let n = 0; n < switches; n++) {
		const name = names[n % names.length] ?? 'Red';
		const page = pages.get(name);
		if (page === undefined) throw new Error(`no page of ${name}`);
		const before = (await seen(viewer.page)).shown[name] ?? 0;
		await page.getByRole('button', { name: 'Unmute microphone' }).click();
		await until(`${name}'s picture, switch ${String(n)}`, async () => ((await seen(viewer.page)).shown[name] ?? 0) > before + 5);
		await page.getByRole('button', { name: 'Mute microphone' }).click();
	}
	const result = await seen(viewer.page);
	process.stdout.write(`${String(result.samples)} samples over ${String(switches)} switches: ${JSON.stringify(result.shown)}, ${String(result.wrong.length)} wrong\n`);
	expect(result.wrong).toEqual([]);
	expect(result.samples).toBeGreaterThan(switches * 5);
});
