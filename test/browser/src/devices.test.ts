// Devices that go, permissions taken back, sound held back, tabs nobody looks at.
import { expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { join, open, received, tile } from './chromium.ts';
import { until } from './server.ts';
import { stage } from './stage.ts';

const { server, browser } = await stage();

/** Keeps the tracks a page opens, so that a test can pull their plug. */
function keepTracks(): void {
	const w = window as unknown as { plenumTracks: MediaStreamTrack[] };
	w.plenumTracks = [];
	const original = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
	navigator.mediaDevices.getUserMedia = async (constraints) => {
		const stream = await original(constraints);
		w.plenumTracks.push(...stream.getTracks());
		return stream;
	};
}

/** Ends the newest track of a kind as a browser does when its device goes. */
const pull = async (page: Page, kind: 'audio' | 'video') => page.evaluate((which) => {
	const track = (window as unknown as { plenumTracks: MediaStreamTrack[] }).plenumTracks.findLast((one) => one.kind === which && one.readyState === 'live');
	track?.stop();
	track?.dispatchEvent(new Event('ended'));
}, kind);

async function inside(room: string, name: string): Promise<Awaited<ReturnType<typeof open>>> {
	const one = await open(browser, 'about:blank');
	await one.page.addInitScript(keepTracks);
	await one.page.goto(server.url + room);
	await join(one.page, name);
	return one;
}

test('another microphone takes over from one that is unplugged, and a camera is said to be gone', async () => {
	const room = await server.reserve();
	const { page, context, problems } = await inside(room.meeting_url, 'Ann');
	await page.getByRole('button', { name: 'Mute microphone' }).waitFor();
	await pull(page, 'audio');
	await page.getByText(/^Your microphone went away\. .+ is used now\.$/).waitFor();
	await page.getByRole('button', { name: 'Mute microphone' }).waitFor();
	await pull(page, 'video');
	await page.getByText('Your camera went away. Others can’t see you.').waitFor();
	await page.getByRole('button', { name: 'Turn on camera' }).click();
	await page.getByRole('button', { name: 'Turn off camera' }).waitFor();
	expect(problems).toEqual([]);
	await context.close();
});

test('a muted microphone that is unplugged stays muted', async () => {
	const room = await server.reserve();
	const { page, context } = await inside(room.meeting_url, 'Ann');
	await page.getByRole('button', { name: 'Mute microphone' }).click();
	await pull(page, 'audio');
	await page.getByText(/is used now/).waitFor();
	expect(await page.getByRole('button', { name: 'Unmute microphone' }).count()).toBe(1);
	expect(await page.evaluate(() => (window as unknown as { plenumTracks: MediaStreamTrack[] }).plenumTracks.filter((one) => one.kind === 'audio' && one.readyState === 'live').map((one) => one.enabled))).toEqual([false]);
	await context.close();
});

test('a permission that is refused is explained, and one can join all the same', async () => {
	const room = await server.reserve();
	const one = await open(browser, 'about:blank');
	await one.page.addInitScript(() => {
		navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'));
	});
	await one.page.goto(server.url + room.meeting_url);
	await one.page.getByRole('alert').filter({ hasText: /blocks your microphone and camera.*start of the address/ }).waitFor();
	await join(one.page, 'Ann');
	await one.page.getByRole('button', { name: 'Unmute microphone' }).waitFor();
	expect(one.problems).toEqual([]);
	await one.context.close();
});

test('a permission taken back in the meeting is told as such', async () => {
	const room = await server.reserve();
	const one = await open(browser, 'about:blank');
	await one.page.addInitScript(keepTracks);
	await one.page.goto(server.url + room.meeting_url);
	await join(one.page, 'Ann');
	await one.page.evaluate(() => {
		navigator.permissions.query = () => Promise.resolve({ state: 'denied' } as PermissionStatus);
		navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'));
	});
	await pull(one.page, 'video');
	await one.page.getByText('Your camera went away. Others can’t see you.').waitFor();
	await one.page.getByRole('button', { name: 'Settings' }).click();
	await one.page.getByRole('alert').filter({ hasText: 'The browser blocks your camera' }).waitFor();
	await one.context.close();
});

test('sound that the browser holds back starts with one tap', async () => {
	const room = await server.reserve();
	const other = await open(browser, server.url + room.meeting_url, { colour: 'green' });
	await join(other.page, 'Bo');
	const one = await open(browser, 'about:blank');
	await one.page.addInitScript(() => {
		const play = HTMLMediaElement.prototype.play;
		const w = window as unknown as { plenumTapped: boolean };
		HTMLMediaElement.prototype.play = function () {
			if (this instanceof HTMLAudioElement && !w.plenumTapped) return Promise.reject(new DOMException('a gesture is needed', 'NotAllowedError'));
			return play.call(this);
		};
	});
	await one.page.goto(server.url + room.meeting_url);
	await join(one.page, 'Ann');
	const tap = one.page.getByRole('button', { name: 'Tap to hear' });
	await tap.waitFor();
	await one.page.evaluate(() => { (window as unknown as { plenumTapped: boolean }).plenumTapped = true; });
	await tap.click();
	await tap.waitFor({ state: 'detached' });
	await Promise.all([one, other].map(async (page) => page.context.close()));
});

test('a page that nobody looks at receives no pictures, and has them back at once', async () => {
	const room = await server.reserve();
	const other = await open(browser, server.url + room.meeting_url, { colour: 'green' });
	await join(other.page, 'Bo');
	const one = await open(browser, 'about:blank');
	await one.page.addInitScript(() => {
		const w = window as unknown as { plenumHidden: boolean };
		Object.defineProperty(document, 'hidden', { configurable: true, get: () => w.plenumHidden === true });
	});
	await one.page.goto(server.url + room.meeting_url);
	await join(one.page, 'Ann');
	await tile(one.page, 'Bo').and(one.page.locator('[data-state=picture]')).waitFor();
	const hide = async (hidden: boolean) => one.page.evaluate((value) => {
		(window as unknown as { plenumHidden: boolean }).plenumHidden = value;
		document.dispatchEvent(new Event('visibilitychange'));
	}, hidden);
	await hide(true);
	await tile(one.page, 'Bo').and(one.page.locator('[data-state=avatar]')).waitFor();
	const { energy } = await received(one.page);
	await until('Bo to be heard still', async () => (await received(one.page)).energy > energy);
	await hide(false);
	await tile(one.page, 'Bo').and(one.page.locator('[data-state=picture]')).waitFor();
	await Promise.all([one, other].map(async (page) => page.context.close()));
});
