import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { join, launch, open, tile } from './chromium.ts';
import { startServer, until, type Server } from './server.ts';

let server: Server;
let browser: Browser;
beforeAll(async () => {
	[server, browser] = await Promise.all([startServer(), launch()]);
});
afterAll(async () => {
	await browser.close();
	await server.stop();
});

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
