// Every control of the meeting page, found by its accessible name and pressed.
// What other files press is not pressed again; the inventory at the end fails
// when a control comes that no test knows.
import { expect, test } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import { join, open, received, tile } from './chromium.ts';
import { until } from './server.ts';
import { stage } from './stage.ts';

const { server, browser } = await stage();

/** Remembers what the page asks of its devices. */
function keepAsked(): void {
	const w = window as unknown as { plenumAsked: MediaStreamConstraints[]; plenumCamera: MediaStreamTrack | undefined };
	w.plenumAsked = [];
	const original = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
	navigator.mediaDevices.getUserMedia = async (constraints = {}) => {
		w.plenumAsked.push(constraints);
		const stream = await original(constraints);
		w.plenumCamera = stream.getVideoTracks()[0] ?? w.plenumCamera;
		return stream;
	};
}

const more = async (page: Page, item: string) => {
	await page.getByRole('button', { name: 'More', exact: true }).click();
	await page.getByRole('menu', { name: 'More' }).getByText(item, { exact: true }).click();
};

/** Where a tile stands once it has stopped moving there. */
async function atRest(of: Locator): Promise<{ x: number; y: number }> {
	let last = '';
	return until('a tile to stand still', async () => {
		const box = await of.boundingBox();
		const [before, now] = [last, JSON.stringify(box)];
		last = now;
		return box !== null && before === now && box;
	});
}

test('settings, before joining: devices, picture, voice, looks and language', async () => {
	const room = await server.reserve();
	const { page, context, problems } = await open(browser, 'about:blank');
	await page.addInitScript(keepAsked);
	await page.goto(server.url + room.meeting_url);
	await page.getByRole('button', { name: 'Turn off camera' }).waitFor();
	await page.getByRole('button', { name: 'Test speaker' }).click();
	await page.getByRole('button', { name: 'Playing a sound…' }).waitFor();
	await page.getByRole('button', { name: 'Test speaker' }).waitFor();
	await page.getByRole('button', { name: 'Settings' }).click();
	const dialog = page.getByRole('dialog', { name: 'Settings' });
	const camera = async () => page.evaluate(() => (window as unknown as { plenumCamera: MediaStreamTrack | undefined }).plenumCamera?.getSettings());
	await dialog.getByLabel('Largest size').selectOption('640 × 360');
	await until('the camera to shrink', async () => (await camera())?.height === 360);
	await dialog.getByLabel('Frame rate', { exact: true }).selectOption('15 per second');
	await until('the camera to slow down', async () => ((await camera())?.frameRate ?? 99) <= 15);
	await dialog.getByLabel('Smallest size').selectOption('640 × 360');
	await dialog.getByLabel('Least frame rate').selectOption('15 per second');
	for (const [label, constraint] of [['Suppress noise', 'noiseSuppression'], ['Cancel echo', 'echoCancellation'], ['Level the volume', 'autoGainControl']] as const) {
		await dialog.getByRole('switch', { name: label }).uncheck();
		await until(`${label} to be asked for`, async () => page.evaluate((name) => {
			const last = (window as unknown as { plenumAsked: MediaStreamConstraints[] }).plenumAsked.findLast((asked) => typeof asked.audio === 'object')?.audio as Record<string, unknown> | undefined;
			return last?.[name] === false;
		}, constraint));
	}
	for (const slider of await dialog.getByRole('slider').all()) {
		await slider.focus();
		await page.keyboard.press('End');
		expect(Number(await slider.inputValue())).toBe(Number(await slider.getAttribute('max')));
	}
	for (const label of ['Microphone', 'Camera']) expect(await dialog.getByLabel(label, { exact: true }).locator('option').count()).toBeGreaterThan(0);
	await dialog.getByLabel('Colours').selectOption('Light');
	expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('light');
	await dialog.getByLabel('Language').selectOption('Deutsch');
	await page.getByRole('dialog', { name: 'Einstellungen' }).getByLabel('Sprache').selectOption('English');
	await dialog.getByRole('button', { name: 'Close' }).click();

	await page.reload(); // all of it is remembered
	await page.getByRole('button', { name: 'Settings' }).click();
	expect(await dialog.getByLabel('Largest size').inputValue()).toBe('360');
	expect(await dialog.getByRole('switch', { name: 'Suppress noise' }).isChecked()).toBe(false);
	expect(problems).toEqual([]);
	await context.close();
});

test('layout, pins, the own picture and sound only', async () => {
	const room = await server.reserve();
	const bo = await open(browser, server.url + room.meeting_url, { colour: 'green' });
	await join(bo.page, 'Bo');
	const cy = await open(browser, server.url + room.meeting_url, { colour: 'blue' });
	await join(cy.page, 'Cy');
	const { page, context, problems } = await open(browser, server.url + room.meeting_url);
	await join(page, 'Ann');
	const stands = (name: string, place: string) => tile(page, name).and(page.locator(`[data-stands=${place}]`)).waitFor();
	await stands('Cy', 'tile');
	await tile(page, 'Cy').hover();
	await page.getByRole('article', { name: /^Cy/ }).getByRole('button', { name: 'Options for Cy' }).click();
	await page.getByRole('menuitem', { name: 'Pin', exact: true }).click();
	await stands('Cy', 'main');
	await tile(page, 'Cy').getByRole('button', { name: 'Options for Cy' }).click();
	await page.getByRole('menuitem', { name: 'Unpin' }).click();
	await stands('Cy', 'tile');
	await more(page, 'Speaker large');
	await page.locator('[data-stands=main]').waitFor();
	await page.keyboard.press('l'); // on to automatic
	await page.locator('[data-stands=main]').waitFor({ state: 'detached' });
	await more(page, 'Everybody alike');
	await more(page, 'In a corner');
	await stands('Ann', 'corner');
	const own = tile(page, 'Ann');
	const box = await atRest(own);
	await page.mouse.move(box.x + 20, box.y + 20);
	await page.mouse.down();
	await page.mouse.move(60, 120, { steps: 5 });
	await page.mouse.up();
	await until('the own picture to stand top left', async () => ((await own.boundingBox())?.x ?? 999) < 100);
	await own.hover();
	await own.getByRole('button', { name: 'Options for your picture' }).click();
	await page.getByRole('menuitemradio', { name: 'Bottom right' }).click();
	await until('the own picture to stand bottom right', async () => ((await own.boundingBox())?.x ?? 0) > 600);
	await more(page, 'Hidden');
	await own.waitFor({ state: 'detached' });
	await more(page, 'Among the others');
	await own.waitFor();

	await tile(page, 'Bo').and(page.locator('[data-state=picture]')).waitFor();
	await more(page, 'Sound only');
	await tile(page, 'Bo').and(page.locator('[data-state=avatar]')).waitFor();
	await page.getByText('Sound only: cameras of others are off for you').waitFor();
	await more(page, 'Show pictures');
	await tile(page, 'Bo').and(page.locator('[data-state=picture]')).waitFor();
	expect((await received(page)).energy).toBeGreaterThan(0);

	await tile(page, 'Bo').hover();
	await tile(page, 'Bo').getByRole('button', { name: 'Options for Bo' }).click();
	await page.getByRole('menuitem', { name: 'Connection details' }).click();
	await page.getByRole('dialog', { name: 'Connection of Bo' }).getByText(/frames?\/s/).first().waitFor();
	await page.keyboard.press('Escape');
	await page.getByRole('button', { name: 'Your connection is good' }).click();
	const figures = page.getByRole('dialog', { name: 'Connection', exact: true });
	await figures.getByText('What you send').waitFor();
	await figures.getByText('Delay to the server and back').waitFor();
	await page.keyboard.press('Escape');
	expect(problems).toEqual([]);
	await Promise.all([context, bo.context, cy.context].map(async (one) => one.close()));
});

test('the own screen, mentions and invitations', async () => {
	const room = await server.reserve();
	const bo = await open(browser, server.url + room.meeting_url, { colour: 'green' });
	await join(bo.page, 'Bo');
	const { page, context, problems } = await open(browser, server.url + room.host_url);
	await join(page, 'Ann');
	await page.getByRole('button', { name: 'Share screen' }).click();
	await page.getByRole('article', { name: 'Ann (you), screen' }).getByText('Your screen').waitFor();
	await bo.page.getByRole('article', { name: 'Ann, screen' }).and(bo.page.locator('[data-stands=main]')).waitFor();
	await page.getByRole('button', { name: 'Stop sharing' }).click();
	await page.getByRole('article', { name: 'Ann (you), screen' }).waitFor({ state: 'detached' });

	await page.getByRole('button', { name: 'Chat' }).click();
	await page.getByRole('textbox', { name: 'Message' }).pressSequentially('@b');
	await page.getByRole('option', { name: 'Bo' }).click();
	await page.keyboard.type('look');
	await page.getByRole('button', { name: 'Send message' }).click();
	await bo.page.getByText('Ann mentioned you in the chat.').waitFor();
	await page.getByRole('log').getByText('@Bo', { exact: true }).waitFor();
	await page.getByRole('button', { name: 'Close panel' }).click();

	await page.getByRole('button', { name: 'Participants' }).click();
	await page.getByRole('button', { name: 'Invite others' }).click();
	const invite = page.getByRole('dialog', { name: 'Invite others' });
	const code = invite.getByRole('img', { name: /Code of the meeting/ });
	await until('the code to be drawn', async () => code.evaluate((canvas) => (canvas as HTMLCanvasElement).width > 20 && (canvas as HTMLCanvasElement).width !== 300));
	await invite.getByRole('button', { name: 'Copy link' }).click();
	await invite.getByRole('button', { name: 'Link copied' }).waitFor();
	const calendar = await page.request.get(server.url + (await invite.getByRole('link', { name: 'Add to calendar' }).getAttribute('href')));
	expect([calendar.status(), (await calendar.text()).startsWith('BEGIN:VCALENDAR')]).toEqual([200, true]);
	expect(problems).toEqual([]);
	await Promise.all([context, bo.context].map(async (one) => one.close()));
});

test('the small window shows who speaks, and has the buttons that matter', async () => {
	const room = await server.reserve();
	const bo = await open(browser, server.url + room.meeting_url, { colour: 'green' });
	await join(bo.page, 'Bo');
	const { page, context, problems } = await open(browser, server.url + room.meeting_url);
	await join(page, 'Ann');
	await tile(page, 'Bo').and(page.locator('[data-state=picture]')).waitFor();
	await more(page, 'Picture in picture');
	const small = async <T>(read: (document: Document) => T) => page.evaluate(`(${read.toString()})(window.documentPictureInPicture.window?.document ?? document.implementation.createHTMLDocument())`) as Promise<T>;
	await until('Bo’s picture in the small window', async () => small((d) => d.querySelector('article[aria-label=Bo][data-state=picture] video') !== null));
	await tile(page, 'Bo').getByText('In the small window').waitFor();
	expect(await small((d) => [...d.querySelectorAll('button')].map((button) => button.getAttribute('aria-label')))).toEqual(['Mute microphone', 'Turn off camera', 'Leave meeting']);
	expect(await small((d) => getComputedStyle(d.querySelector('.pip') ?? d.body).display)).toBe('grid'); // it has the page's looks
	await small((d) => { d.querySelector<HTMLElement>('button')?.click(); });
	await page.getByRole('button', { name: 'Unmute microphone' }).waitFor();
	await more(page, 'Close the small window');
	await tile(page, 'Bo').and(page.locator('[data-state=picture]')).waitFor();
	expect(problems).toEqual([]);
	await Promise.all([context, bo.context].map(async (one) => one.close()));
});

test('no control stands in the meeting that no test knows', async () => {
	const room = await server.reserve();
	const bo = await open(browser, server.url + room.meeting_url, { colour: 'green' });
	await join(bo.page, 'Bo');
	const { page, context } = await open(browser, server.url + room.host_url);
	await join(page, 'Ann');
	await tile(page, 'Bo').waitFor();
	const names = async () => {
		const all = await page.locator('button:visible, input:visible, select:visible, textarea:visible, a[href]:visible').evaluateAll((controls) => controls.map((one) => one.getAttribute('aria-label') ?? one.textContent.trim()));
		return [...new Set(all)].sort();
	};
	const quality = /^(Your connection is|Connecting sound)/;
	expect((await names()).filter((name) => !quality.test(name) && name !== 'Dismiss')).toEqual([
		'Camera choices', 'Chat', 'End meeting for all', 'Extend meeting, 1 h left', 'Leave meeting', 'Manage Bo', 'Microphone and speaker', 'More', 'Mute microphone',
		'Options for your picture', 'Participants', 'Raise hand', 'React', 'Settings', 'Share screen', 'Start recording', 'Turn off camera',
	]);
	await page.getByRole('button', { name: 'More', exact: true }).click();
	const items = page.getByRole('menu', { name: 'More' }).getByRole('menuitem');
	await items.first().waitFor();
	expect((await items.allInnerTexts()).sort()).toEqual(['Connection', 'Invite others', 'Keyboard shortcuts', 'Picture in picture', 'Sound only']);
	await page.keyboard.press('Escape');
	await page.getByRole('button', { name: 'Participants' }).click();
	const panel = page.getByRole('complementary', { name: 'Participants panel' });
	expect(await panel.getByRole('switch').evaluateAll((switches) => switches.map((one) => one.closest('label')?.textContent))).toEqual(['Lobby']);
	expect((await panel.getByRole('button').evaluateAll((buttons) => buttons.map((one) => one.getAttribute('aria-label') ?? one.textContent.trim()))).sort()).toEqual([
		'Close panel', 'Invite others', 'Lock meeting', 'Manage Bo', 'Mute everyone', 'Options for your picture',
	]);
	await panel.getByRole('button', { name: 'Manage Bo' }).click();
	const rows = page.getByRole('menu', { name: 'Manage Bo' }).getByRole('menuitem');
	await rows.first().waitFor();
	expect((await rows.allInnerTexts()).sort()).toEqual([
		'Connection details', 'Hand over host', 'Make audience', 'Make host', 'Mute', 'Pin', 'Remove from meeting', 'Send to lobby', 'Spotlight for everybody', 'Turn off camera', 'Write privately',
	]);
	await page.keyboard.press('Escape');
	await page.getByRole('button', { name: 'Chat' }).click();
	const chat = page.getByRole('complementary', { name: 'Chat panel' });
	expect((await chat.getByRole('button').evaluateAll((buttons) => buttons.map((one) => one.getAttribute('aria-label') ?? one.textContent.trim()))).sort()).toEqual(['Close panel', 'Send a file', 'Send message', 'To everybody']);
	await chat.getByRole('button', { name: 'To everybody' }).click();
	const readers = page.getByRole('menu', { name: 'Send to' }).getByRole('menuitemradio');
	await readers.first().waitFor();
	expect(await readers.allInnerTexts()).toEqual(['Everybody', 'Bo']);
	await Promise.all([context, bo.context].map(async (one) => one.close()));
});
