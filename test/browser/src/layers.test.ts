import { expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { join, open, tile } from './chromium.ts';
import { until } from './server.ts';
import { stage } from './stage.ts';

const { server, browser } = await stage();

test('a small camera arrives at its whole size', async () => {
	const room = await server.reserve();
	const ann = await open(browser, server.url + room.meeting_url);
	const bo = await open(browser, server.url + room.meeting_url, { colour: 'rgb(30, 90, 160)' }); // 640 by 360
	await join(ann.page, 'Ann');
	await join(bo.page, 'Bo');
	const video = tile(ann.page, 'Bo').and(ann.page.locator('[data-state=picture]')).locator('video');
	const height = await until('the sharp layer', async () => {
		const h = await video.evaluate((v: HTMLVideoElement) => v.videoHeight);
		return h >= 360 && h;
	});
	expect(height).toBe(360);
	await Promise.all([ann.context.close(), bo.context.close()]);
});

/** How many frames the page has encoded of its camera so far, by encoding. */
async function encoded(page: Page): Promise<Readonly<Record<string, number>>> {
	return await page.evaluate(async () => {
		const frames: Record<string, number> = {};
		for (const pc of (window as unknown as { plenumPeers: RTCPeerConnection[] }).plenumPeers) {
			for (const s of (await pc.getStats()).values() as Iterable<RTCOutboundRtpStreamStats & { rid?: string }>) {
				if (s.type === 'outbound-rtp' && s.kind === 'video' && s.rid !== undefined) frames[s.rid] = s.framesEncoded ?? 0;
			}
		}
		return frames;
	});
}

test('a layer that nobody looks at is not encoded, and comes back when a tile grows', async () => {
	const room = await server.reserve();
	const ann = await open(browser, server.url + room.meeting_url, { colour: 'rgb(30, 90, 160)' });
	const bo = await open(browser, server.url + room.meeting_url); // 1280 by 720
	await ann.page.setViewportSize({ width: 1920, height: 1080 });
	await join(ann.page, 'Ann');
	await join(bo.page, 'Bo');
	const video = tile(ann.page, 'Bo').and(ann.page.locator('[data-state=picture]')).locator('video');
	const heightIs = (least: number, most: number) => async () => {
		const h = await video.evaluate((v: HTMLVideoElement) => v.videoHeight);
		return h >= least && h <= most && h;
	};
	await until('all layers to be encoded', async () => Object.values(await encoded(bo.page)).filter((n) => n > 10).length === 3);
	await until('the large layer', heightIs(720, 720));

	await ann.page.setViewportSize({ width: 360, height: 300 });
	await until('the smallest layer', heightIs(1, 180));
	const quiet = await until('the others to be encoded no more', async () => {
		const before = await encoded(bo.page);
		await until('the smallest to go on', async () => ((await encoded(bo.page))['q'] ?? 0) > (before['q'] ?? 0) + 20);
		const after = await encoded(bo.page);
		return after['h'] === before['h'] && after['f'] === before['f'] && after;
	});

	const opened = Date.now();
	await ann.page.setViewportSize({ width: 1920, height: 1080 });
	await until('the large layer to be encoded again', async () => ((await encoded(bo.page))['f'] ?? 0) > (quiet['f'] ?? 0));
	const encoding = Date.now() - opened;
	await until('the large layer to arrive', heightIs(720, 720));
	console.log(`the large layer was encoded again after ${encoding} ms and on screen after ${Date.now() - opened} ms`);
	await Promise.all([ann.context.close(), bo.context.close()]);
});
