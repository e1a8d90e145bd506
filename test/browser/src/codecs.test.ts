// Rooms in each format of pictures, with the browser's own encoders and decoders.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { join, launch, open, received, tile } from './chromium.ts';
import { startServer, until, type Server } from './server.ts';

/** One stream of pictures as the browser counts it. */
type Flow = Readonly<{ codec: string; frames: number; height: number; mode: string; rid: string; bytes: number }>;

/** What a page sends or receives as pictures, of the streams that ever carried a frame. */
async function flows(page: Page, way: 'inbound-rtp' | 'outbound-rtp', kind = 'video'): Promise<Flow[]> {
	return await page.evaluate(async ([type, medium]) => {
		const all: Flow[] = [];
		for (const pc of (window as unknown as { plenumPeers: RTCPeerConnection[] }).plenumPeers) {
			if (pc.connectionState === 'closed') continue;
			const report = await pc.getStats();
			for (const s of report.values() as Iterable<Record<string, unknown>>) {
				if (s['type'] !== type || s['kind'] !== medium) continue;
				const codec = report.get(String(s['codecId'])) as { mimeType?: string } | undefined;
				all.push({
					codec: codec?.mimeType ?? '', frames: Number(s['framesDecoded'] ?? s['framesEncoded'] ?? 0),
					height: Number(s['frameHeight'] ?? 0), mode: String(s['scalabilityMode'] ?? ''), rid: String(s['rid'] ?? ''),
					bytes: Number(s['bytesReceived'] ?? s['bytesSent'] ?? 0),
				});
			}
		}
		return all;
	}, [way, kind] as const);
}

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
