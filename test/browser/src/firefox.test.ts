// Firefox and Chromium in one room. Run by in-namespace.sh: Firefox gathers no
// candidates where there is only loopback.
import { afterAll, beforeAll, expect, test } from 'vitest';
import puppeteer, { type Browser as Firefox, type Page as FirefoxPage } from 'puppeteer-core';
import type { Browser } from 'playwright-core';
import { join, launch, open, received, tile } from './chromium.ts';
import { startServer, until, type Server } from './server.ts';

let server: Server;
let chromium: Browser;
let firefox: Firefox;
beforeAll(async () => {
	const media = process.env['PLENUM_TEST_MEDIA'];
	[server, chromium, firefox] = await Promise.all([
		startServer(media === undefined ? {} : { media }),
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

/** Gives a page a screen to share, for headless Firefox has none to choose, and keeps its sockets so that a test can break them. */
function beforeFirefox(): void {
	const w = window as unknown as { plenumSockets: WebSocket[] };
	w.plenumSockets = [];
	const Original = window.WebSocket;
	window.WebSocket = class extends Original {
		constructor(url: string | URL, protocols?: string | string[]) {
			super(url, protocols);
			w.plenumSockets.push(this);
		}
	};
	navigator.mediaDevices.getDisplayMedia = () => {
		const canvas = document.createElement('canvas');
		[canvas.width, canvas.height] = [1280, 720];
		const g = canvas.getContext('2d');
		let n = 0;
		setInterval(() => {
			if (g === null) return;
			g.fillStyle = n++ % 2 === 0 ? 'navy' : 'teal';
			g.fillRect(0, 0, 1280, 720);
		}, 100);
		return Promise.resolve(canvas.captureStream(10));
	};
}

/** Presses the button of that name. */
async function press(page: FirefoxPage, name: string): Promise<void> {
	await until(`the button ${name}`, async () => await page.evaluate((want) => {
		for (const b of document.querySelectorAll('button')) {
			if ((b.getAttribute('aria-label') ?? b.textContent).trim() === want && !b.disabled) {
				b.click();
				return true;
			}
		}
		return false;
	}, name));
}

/** Frames that Firefox has shown of the picture in somebody's tile. */
async function plays(page: FirefoxPage, name: string): Promise<number> {
	return await page.evaluate(async (who) => {
		const video = document.querySelector<HTMLVideoElement>(`article[aria-label^="${who}"][data-state=picture] video`);
		if (video === null) return 0;
		return await new Promise<number>((done) => {
			setTimeout(() => { done(0); }, 1000);
			video.requestVideoFrameCallback((_now, frame) => { done(frame.presentedFrames); });
		});
	}, name);
}

test('Firefox and Chromium see and hear each other', async () => {
	const room = await server.reserve();
	const ann = await open(chromium, server.url + room.host_url);
	await join(ann.page, 'Ann');
	const fox = await firefox.newPage();
	await fox.setViewport({ width: 1280, height: 720 }); // narrower, the share is behind More
	await fox.evaluateOnNewDocument(beforeFirefox);
	await fox.goto(server.url + room.meeting_url);
	await fox.waitForSelector('input');
	await fox.type('input', 'Fox');
	await press(fox, 'Join meeting');
	await tile(ann.page, 'Fox').and(ann.page.locator('[data-state=picture]')).waitFor();
	await until('Chromium to see and hear', async () => {
		const r = await received(ann.page);
		return r.frames > 20 && r.energy > 0;
	});
	await until('Firefox to see', async () => (await plays(fox, 'Ann')) > 20);

	await press(fox, 'Mute microphone');
	await ann.page.getByRole('article', { name: /^Fox.*muted/ }).waitFor();
	await press(fox, 'Turn off camera');
	await tile(ann.page, 'Fox').and(ann.page.locator('[data-state=avatar]')).waitFor();
	await press(fox, 'Turn on camera');
	await tile(ann.page, 'Fox').and(ann.page.locator('[data-state=picture]')).waitFor();
	await press(fox, 'Unmute microphone');
	await ann.page.getByRole('article', { name: /^Fox(?!.*muted)/ }).waitFor();
	const { energy } = await received(ann.page);
	await until('Chromium to hear again', async () => (await received(ann.page)).energy > energy);

	await press(fox, 'Share screen');
	await ann.page.getByRole('article', { name: 'Fox, screen' }).and(ann.page.locator('[data-state=picture]')).waitFor();
	await press(fox, 'Stop sharing');
	await ann.page.getByRole('article', { name: 'Fox, screen' }).waitFor({ state: 'detached' });

	await fox.evaluate(() => {
		for (const socket of (window as unknown as { plenumSockets: WebSocket[] }).plenumSockets) socket.close();
	});
	await until('Firefox to be back and seen again', async () => {
		const { frames } = await received(ann.page);
		return (await fox.evaluate(() => document.querySelector('.banner') === null)) && (await until('more frames', async () => (await received(ann.page)).frames > frames).then(() => true));
	});
	await press(fox, 'Leave meeting');
	await tile(ann.page, 'Fox').waitFor({ state: 'detached' });
	expect(ann.problems).toEqual([]);
	await ann.context.close();
});
