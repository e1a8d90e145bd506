// Rooms in each format of pictures, with the browser's own encoders and decoders.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { flows, join, launch, open, received, tile } from './chromium.ts';
import { startServer, until, type Server } from './server.ts';

const picture = (page: Page, name: string) => tile(page, name).and(page.locator('[data-state=picture]'));

let browser: Browser;
beforeAll(async () => {
	browser = await launch();
});
afterAll(async () => {
	await browser.close();
});

describe.each([
	['vp8', 'video/VP8'],
	['h264', 'video/H264'],
	['vp9', 'video/VP9'],
	['av1', 'video/AV1'],
])('a room in %s', (codec, mime) => {
	let server: Server;
	beforeAll(async () => {
		server = await startServer({ args: ['--video-codecs', codec === 'vp8' ? 'vp8' : `${codec},vp8`] });
	});
	afterAll(async () => {
		await server.stop();
	});

	test('two pages see each other, and a third who comes later does', async () => {
		const room = await server.reserve();
		const url = server.url + room.meeting_url;
		const ann = await open(browser, url);
		const bo = await open(browser, url, { colour: 'rgb(30, 90, 160)' });
		await join(ann.page, 'Ann');
		await join(bo.page, 'Bo');
		await Promise.all([picture(ann.page, 'Bo').waitFor(), picture(bo.page, 'Ann').waitFor()]);
		for (const { page } of [ann, bo]) {
			const { frames } = await until(`frames in ${mime}`, async () => (await flows(page, 'inbound-rtp')).find((f) => f.codec === mime && f.frames > 20));
			await until('more frames', async () => (await flows(page, 'inbound-rtp')).some((f) => f.codec === mime && f.frames > frames + 20));
			expect((await flows(page, 'outbound-rtp')).filter((f) => f.frames > 0).map((f) => f.codec)).toContain(mime);
		}
		const cy = await open(browser, url);
		await join(cy.page, 'Cy');
		await Promise.all([picture(cy.page, 'Ann').waitFor(), picture(cy.page, 'Bo').waitFor()]);
		await until('the late one to see both', async () => (await flows(cy.page, 'inbound-rtp')).filter((f) => f.codec === mime && f.frames > 20).length === 2);
		expect([...ann.problems, ...bo.problems, ...cy.problems]).toEqual([]);
		await Promise.all([ann.context.close(), bo.context.close(), cy.context.close()]);
	});
});

describe('VP9 in layers', () => {
	let server: Server;
	beforeAll(async () => {
		server = await startServer({ args: ['--video-codecs', 'vp9,vp8', '--log-level', 'debug'] });
	});
	afterAll(async () => {
		await server.stop();
	});

	test('one stream serves a large tile and a small one, and both change', async () => {
		const room = await server.reserve();
		const url = server.url + room.meeting_url;
		const bo = await open(browser, url); // 1280 by 720
		const ann = await open(browser, url);
		const cy = await open(browser, url);
		await ann.page.setViewportSize({ width: 1920, height: 1080 });
		await cy.page.setViewportSize({ width: 360, height: 300 });
		for (const [who, name] of [[bo, 'Bo'], [ann, 'Ann'], [cy, 'Cy']] as const) await join(who.page, name);
		for (const { page } of [ann, cy]) await page.getByRole('button', { name: 'Turn off camera' }).click();
		await until('Bo to send three layers in one stream', async () => {
			const sent = (await flows(bo.page, 'outbound-rtp')).filter((f) => f.codec === 'video/VP9' && f.frames > 10);
			return sent.length === 1 && sent[0]?.mode === 'L3T3_KEY' && sent[0].height === 720;
		});
		const height = async (page: Page) => await picture(page, 'Bo').locator('video').evaluate((v: HTMLVideoElement) => v.videoHeight);
		const becomes = async (page: Page, least: number, most: number) => {
			await until(`a picture of ${least} to ${most} lines`, async () => {
				const h = await height(page);
				return h >= least && h <= most;
			});
		};
		await becomes(ann.page, 720, 720);
		await becomes(cy.page, 1, 180);
		await until('frames for both at once, of their own size', async () => {
			const [large, small] = await Promise.all([flows(ann.page, 'inbound-rtp'), flows(cy.page, 'inbound-rtp')]);
			return large.some((f) => f.height === 720 && f.frames > 40) && small.some((f) => f.height <= 180 && f.frames > 40);
		});

		await cy.page.setViewportSize({ width: 1920, height: 1080 });
		await becomes(cy.page, 720, 720);
		await cy.page.setViewportSize({ width: 360, height: 300 });
		await becomes(cy.page, 1, 180);
		const before = await received(cy.page);
		await until('the small picture to go on', async () => (await received(cy.page)).frames > before.frames + 40);

		await ann.page.setViewportSize({ width: 360, height: 300 });
		await until('Bo to encode one layer alone', async () => (await flows(bo.page, 'outbound-rtp')).some((f) => f.mode === 'L1T3' && f.height > 0 && f.height <= 180));
		await ann.page.setViewportSize({ width: 1920, height: 1080 });
		await becomes(ann.page, 720, 720);
		await Promise.all([ann.context.close(), bo.context.close(), cy.context.close()]);
	});

	test('sound comes with copies of what went before', async () => {
		const room = await server.reserve();
		const ann = await open(browser, server.url + room.meeting_url);
		const bo = await open(browser, server.url + room.meeting_url);
		await join(ann.page, 'Ann');
		await join(bo.page, 'Bo');
		// A browser's statistics call it Opus either way: what came in is known to the server.
		await until('both to send RED', () => (server.log().match(/stream began.*source"?[:=]"?microphone.*codec"?[:=]"?red/g) ?? []).length >= 2);
		for (const { page } of [ann, bo]) {
			const { energy } = await until('sound', async () => {
				const r = await received(page);
				return r.energy > 0 && r;
			});
			await until('more of it', async () => (await received(page)).energy > energy);
		}
		await Promise.all([ann.context.close(), bo.context.close()]);
	});
});
