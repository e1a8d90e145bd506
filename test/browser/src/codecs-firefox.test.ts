// A room whose first choice of a format Firefox can't decode. Run by
// in-namespace.sh, like firefox.test.ts.
import { afterAll, beforeAll, expect, test } from 'vitest';
import puppeteer, { type Browser as Firefox } from 'puppeteer-core';
import type { Browser } from 'playwright-core';
import { flows, join, launch, open, tile } from './chromium.ts';
import { startServer, until, type Server } from './server.ts';

let server: Server;
let chromium: Browser;
let firefox: Firefox;
beforeAll(async () => {
	const media = process.env['PLENUM_TEST_MEDIA'];
	[server, chromium, firefox] = await Promise.all([
		startServer({ ...(media === undefined ? {} : { media }), args: ['--video-codecs', 'h264,vp9,vp8', '--log-level', 'debug'] }),
		launch(),
		puppeteer.launch({
			browser: 'firefox', executablePath: '/usr/bin/firefox-esr', headless: true,
			extraPrefsFirefox: {
				'media.navigator.streams.fake': true, 'media.navigator.permission.disabled': true,
				'media.peerconnection.ice.loopback': true, 'media.peerconnection.ice.obfuscate_host_addresses': false,
				'media.autoplay.default': 0,
			},
		}),
	]);
});
afterAll(async () => {
	await Promise.all([chromium.close(), firefox.close()]);
	await server.stop();
});

test('who can decode less makes everybody send what all can decode', async () => {
	const room = await server.reserve();
	const url = server.url + room.meeting_url;
	const ann = await open(chromium, url);
	const bo = await open(chromium, url);
	await join(ann.page, 'Ann');
	await join(bo.page, 'Bo');
	await until('Chromium alone to use H.264', async () => (await flows(ann.page, 'inbound-rtp')).some((f) => f.codec === 'video/H264' && f.frames > 20));

	const fox = await firefox.newPage();
	await fox.setViewport({ width: 1280, height: 720 });
	await fox.evaluateOnNewDocument(() => {
		const w = window as unknown as { plenumPeers: RTCPeerConnection[] };
		w.plenumPeers = [];
		const Original = window.RTCPeerConnection;
		window.RTCPeerConnection = class extends Original {
			constructor(config?: RTCConfiguration) {
				super(config);
				w.plenumPeers.push(this);
			}
		};
	});
	await fox.goto(url);
	await fox.waitForSelector('input');
	await fox.type('input', 'Fox');
	await until('the button', async () => await fox.evaluate(() => {
		for (const b of document.querySelectorAll('button')) {
			if (b.textContent.trim() === 'Join meeting' && !b.disabled) {
				b.click();
				return true;
			}
		}
		return false;
	}));
	await tile(ann.page, 'Fox').and(ann.page.locator('[data-state=picture]')).waitFor();
	await until('Chromium to send VP9', async () => {
		const before = (await flows(bo.page, 'inbound-rtp')).filter((f) => f.codec === 'video/VP9').reduce((sum, f) => sum + f.frames, 0);
		return before > 40;
	});
	const frames = async () => await fox.evaluate(async () => {
		const all: Record<string, number> = {};
		const w = window as unknown as { plenumPeers: RTCPeerConnection[] };
		for (const pc of w.plenumPeers) {
			const report = await pc.getStats();
			for (const s of report.values() as Iterable<{ type: string; kind: string; codecId: string; framesDecoded?: number; framesEncoded?: number; rid?: string }>) {
				if ((s.type !== 'inbound-rtp' && s.type !== 'outbound-rtp') || s.kind !== 'video') continue;
				const codec = report.get(s.codecId) as { mimeType?: string } | undefined;
				const key = `${s.type} ${codec?.mimeType ?? ''}${s.rid === undefined ? '' : ` ${s.rid}`}`;
				all[key] = (all[key] ?? 0) + (s.framesDecoded ?? s.framesEncoded ?? 0);
			}
		}
		return all;
	});
	await until('Firefox to decode VP9 of both', async () => ((await frames())['inbound-rtp video/VP9'] ?? 0) > 60);
	await until('Firefox to send VP9, small and large', async () => {
		const all = await frames();
		return ['q', 'h'].every((rid) => (all[`outbound-rtp video/VP9 ${rid}`] ?? 0) > 20);
	});
	await fox.close();
	await until('Chromium to go back to H.264', async () => (await flows(ann.page, 'outbound-rtp')).some((f) => f.codec === 'video/H264' && f.frames > 0), 60_000);
	expect(ann.problems).toEqual([]);
	await Promise.all([ann.context.close(), bo.context.close()]);
});
