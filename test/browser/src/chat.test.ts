// Private lines, files in the chat and the spotlight, between real pages.
import { readFile, readdir } from 'node:fs/promises';
import { join as path } from 'node:path';
import { deflateSync, crc32 } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { join, launch, open, tile } from './chromium.ts';
import { startServer, until, type Server } from './server.ts';

let server: Server;
let browser: Browser;
beforeAll(async () => {
	[server, browser] = await Promise.all([startServer({ args: ['--files-max-size', '2MB', '--files-room-size', '5MB'] }), launch()]);
});
afterAll(async () => {
	await browser.close();
	await server.stop();
});

const say = async (page: Page, text: string) => {
	await page.getByRole('textbox', { name: 'Message' }).fill(text);
	await page.keyboard.press('Enter');
};

const log = (page: Page) => page.getByRole('log', { name: 'Messages' });

/** A PNG of one colour. */
function png(width: number, height: number): Buffer {
	const chunk = (type: string, data: Buffer) => {
		const body = Buffer.concat([Buffer.from(type), data]);
		const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
		length.writeUInt32BE(data.length);
		sum.writeUInt32BE(crc32(body));
		return Buffer.concat([length, body, sum]);
	};
	const head = Buffer.alloc(13);
	head.writeUInt32BE(width, 0);
	head.writeUInt32BE(height, 4);
	head.set([8, 2], 8);
	const row = Buffer.concat([Buffer.from([0]), Buffer.alloc(width * 3, 0x60)]);
	return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', head), chunk('IDAT', deflateSync(Buffer.concat(Array.from({ length: height }, () => row)))), chunk('IEND', Buffer.alloc(0))]);
}

/** How many files lie on the server's disk. */
async function onDisk(): Promise<number> {
	const entries = await readdir(path(server.data, 'shared'), { recursive: true, withFileTypes: true }).catch(() => []);
	return entries.filter((entry) => entry.isFile()).length;
}

async function three() {
	const room = await server.reserve();
	const [ann, bo, cy] = await Promise.all([room.host_url, room.meeting_url, room.meeting_url].map(async (url) => open(browser, server.url + url)));
	if (ann === undefined || bo === undefined || cy === undefined) throw new Error('no pages');
	for (const [one, name] of [[ann, 'Ann'], [bo, 'Bo'], [cy, 'Cy']] as const) await join(one.page, name);
	for (const { page } of [ann, bo, cy]) await tile(page, 'Cy').waitFor();
	return { room, ann, bo, cy, close: async () => { await Promise.all([ann, bo, cy].map(async ({ context }) => context.close())); } };
}

test('what one writes to another nobody else reads, now or later', async () => {
	const { room, ann, bo, cy, close } = await three();
	await ann.page.getByRole('button', { name: 'Participants' }).click();
	await ann.page.getByRole('complementary').getByRole('button', { name: 'Manage Bo' }).click();
	await ann.page.getByRole('menuitem', { name: 'Write privately' }).click();
	await ann.page.getByRole('button', { name: 'To Bo only' }).waitFor();
	await say(ann.page, 'between us, see https://a.example');
	await log(ann.page).getByText('Private, to Bo').waitFor();
	await bo.page.getByText('Ann wrote to you alone in the chat.').waitFor();
	await bo.page.getByRole('button', { name: 'Chat' }).click();
	await log(bo.page).getByText('Private, to you').waitFor();
	expect(await log(bo.page).getByRole('link', { name: 'https://a.example' }).getAttribute('rel')).toBe('noopener noreferrer nofollow');
	await bo.page.getByRole('button', { name: 'To everybody' }).click();
	await bo.page.getByRole('menu', { name: 'Send to' }).getByRole('menuitemradio', { name: 'Ann', exact: true }).click();
	await say(bo.page, 'understood');
	await log(ann.page).getByText('understood').waitFor();
	await ann.page.getByRole('button', { name: 'To Bo only' }).click();
	await ann.page.getByRole('menuitemradio', { name: 'Everybody', exact: true }).click();
	await say(ann.page, 'hello everybody');
	await cy.page.getByRole('button', { name: 'Chat' }).click();
	await log(cy.page).getByText('hello everybody').waitFor();
	expect(await log(cy.page).locator('.chat-line').count()).toBe(1);
	const late = await open(browser, server.url + room.meeting_url);
	await join(late.page, 'Dora');
	await late.page.getByRole('button', { name: 'Chat' }).click();
	await log(late.page).getByText('hello everybody').waitFor();
	expect(await log(late.page).locator('.chat-line').count()).toBe(1);

	// Who has left is not replaced by everybody.
	await ann.page.getByRole('button', { name: 'To everybody' }).click();
	await ann.page.getByRole('menuitemradio', { name: 'Bo', exact: true }).click();
	await ann.page.getByRole('textbox', { name: 'Message' }).fill('only for Bo');
	await bo.page.getByRole('button', { name: 'Leave meeting' }).click();
	await ann.page.getByText('Bo has left. Choose who gets your message.').waitFor();
	expect(await ann.page.getByRole('button', { name: 'Send message' }).isDisabled()).toBe(true);
	await ann.page.keyboard.press('Enter');
	expect(await ann.page.getByRole('textbox', { name: 'Message' }).inputValue()).toBe('only for Bo');
	for (const { problems } of [ann, bo, cy, late]) expect(problems).toEqual([]);
	await Promise.all([late.context.close(), close()]);
});

test('private lines outlive a broken connection', async () => {
	const { ann, bo, close } = await three();
	await bo.page.getByRole('button', { name: 'Chat' }).click();
	await ann.page.getByRole('button', { name: 'Chat' }).click();
	await ann.page.getByRole('button', { name: 'To everybody' }).click();
	await ann.page.getByRole('menuitemradio', { name: 'Bo', exact: true }).click();
	await say(ann.page, 'one');
	await log(bo.page).getByText('one', { exact: true }).waitFor();
	await bo.context.setOffline(true);
	await bo.page.evaluate(() => { for (const s of (window as unknown as { plenumSockets: WebSocket[] }).plenumSockets) s.close(); });
	await ann.page.getByRole('article', { name: /^Bo.*reconnecting/ }).waitFor();
	await say(ann.page, 'two');
	await log(ann.page).getByText('two', { exact: true }).waitFor();
	await bo.context.setOffline(false);
	await log(bo.page).getByText('two', { exact: true }).waitFor();
	expect(await log(bo.page).locator('.chat-text').allInnerTexts()).toEqual(['one', 'two']);
	await close();
});

test('files: chosen, dropped and pasted, to all and to one, until the meeting ends', async () => {
	const { room, ann, bo, cy, close } = await three();
	for (const { page } of [ann, bo, cy]) await page.getByRole('button', { name: 'Chat' }).click();
	const choose = async (page: Page, ...files: { name: string; mimeType: string; buffer: Buffer }[]) => {
		const chooser = page.waitForEvent('filechooser');
		await page.getByRole('button', { name: 'Send a file' }).click();
		await (await chooser).setFiles(files);
	};
	await choose(ann.page, { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('the notes') }, { name: 'not this.txt', mimeType: 'text/plain', buffer: Buffer.from('x') });
	const tray = ann.page.getByRole('list', { name: 'Files to send' });
	expect(await tray.getByRole('listitem').count()).toBe(2);
	await tray.getByRole('button', { name: 'Remove not this.txt' }).click();
	expect(await log(bo.page).getByRole('link').count()).toBe(0); // nothing goes before Send
	await say(ann.page, 'here they are');
	const link = log(bo.page).getByRole('link', { name: 'Download notes.txt, 9 bytes' });
	await link.waitFor();
	const download = bo.page.waitForEvent('download');
	await link.click();
	expect((await download).suggestedFilename()).toBe('notes.txt');
	expect(await readFile(await (await download).path(), 'utf8')).toBe('the notes');

	// A picture is dropped, and shown; a page that is called one is not.
	await ann.page.locator('aside.panel').evaluate((panel, bytes) => {
		const data = new DataTransfer();
		data.items.add(new File([new Uint8Array(bytes)], 'view.png', { type: 'image/png' }));
		data.items.add(new File(['<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'], 'evil.png', { type: 'image/png' }));
		for (const type of ['dragover', 'drop']) panel.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
	}, [...png(60, 40)]);
	await ann.page.getByRole('button', { name: 'Send message' }).click();
	await log(bo.page).getByRole('link', { name: /^Download evil.png/ }).waitFor();
	await until('the picture to be shown', async () => log(bo.page).locator('img').evaluateAll((all) => all.length === 1 && (all[0] as HTMLImageElement).naturalWidth === 60));

	// A screenshot is pasted, for one alone.
	await ann.page.getByRole('button', { name: 'To everybody' }).click();
	await ann.page.getByRole('menuitemradio', { name: 'Bo', exact: true }).click();
	await ann.page.getByRole('textbox', { name: 'Message' }).evaluate((field, bytes) => {
		const data = new DataTransfer();
		data.items.add(new File([new Uint8Array(bytes)], 'image.png', { type: 'image/png' }));
		field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
	}, [...png(10, 10)]);
	await ann.page.getByRole('button', { name: 'Send message' }).click();
	const secret = log(bo.page).getByRole('link', { name: /^Download image.png/ });
	await secret.waitFor();
	expect(await log(cy.page).getByRole('link', { name: /^Download image.png/ }).count()).toBe(0);
	const address = (await secret.getAttribute('href')) ?? '';
	const ticketOf = async (page: Page) => new URL((await log(page).getByRole('link').first().getAttribute('href')) ?? '', server.url).searchParams.get('ticket') ?? '';
	const status = async (ticket: string) => (await fetch(server.url + address.replace(/ticket=.*/, `ticket=${ticket}`))).status;
	expect([await status(await ticketOf(bo.page)), await status(await ticketOf(ann.page)), await status(await ticketOf(cy.page)), await status('')]).toEqual([200, 200, 404, 404]);
	expect((await server.get(address.replace(/ticket=.*/, ''))).status).toBe(404); // not even for the admin

	const late = await open(browser, server.url + room.meeting_url);
	await join(late.page, 'Dora');
	await late.page.getByRole('button', { name: 'Chat' }).click();
	await log(late.page).getByRole('link', { name: /^Download notes.txt/ }).waitFor();
	expect(await log(late.page).getByRole('link', { name: /^Download image.png/ }).count()).toBe(0);

	// Too large, and too much.
	await ann.page.getByRole('button', { name: 'To Bo only' }).click();
	await ann.page.getByRole('menuitemradio', { name: 'Everybody', exact: true }).click();
	const big = (name: string, size: number) => ({ name, mimeType: 'application/zip', buffer: Buffer.alloc(size) });
	await choose(ann.page, big('huge.zip', 2_000_001), big('a.zip', 2_000_000), big('b.zip', 2_000_000), big('c.zip', 2_000_000));
	await ann.page.getByRole('button', { name: 'Send message' }).click();
	const underWay = ann.page.getByRole('list', { name: 'Files on their way' });
	await underWay.getByText('Not sent: files may be 2 MB at most.').waitFor();
	await underWay.getByText('Not sent: there is no room left for files in this meeting.').waitFor();
	await underWay.getByRole('button', { name: 'Remove huge.zip' }).click();
	await underWay.getByText('huge.zip').waitFor({ state: 'detached' });
	for (const { problems } of [ann, bo, cy, late]) expect(problems).toEqual([]);

	expect(await onDisk()).toBe(6);
	await ann.page.getByRole('button', { name: 'End meeting for all' }).click();
	await ann.page.getByRole('button', { name: 'End for everybody' }).click();
	await until('the files to be deleted', async () => (await onDisk()) === 0);
	expect(await status(await ticketOf(bo.page).catch(() => ''))).toBe(404);
	await Promise.all([late.context.close(), close()]);
});

test('a file on its way can be given up', async () => {
	const room = await server.reserve();
	const { page, context, problems } = await open(browser, server.url + room.host_url);
	await join(page, 'Ann');
	await page.getByRole('button', { name: 'Chat' }).click();
	await page.route('**/files?*', () => undefined); // it never gets there
	const chooser = page.waitForEvent('filechooser');
	await page.getByRole('button', { name: 'Send a file' }).click();
	await (await chooser).setFiles({ name: 'slow.bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc(1_900_000, 7) });
	const given = page.waitForEvent('requestfailed');
	await page.getByRole('button', { name: 'Send message' }).click();
	await page.getByRole('progressbar', { name: 'slow.bin' }).waitFor();
	await page.getByRole('button', { name: 'Stop sending slow.bin' }).click();
	await page.getByRole('list', { name: 'Files on their way' }).waitFor({ state: 'detached' });
	expect((await given).method()).toBe('POST');
	expect(await onDisk()).toBe(0);
	expect(problems).toEqual([]);
	await context.close();
});

test('a crash leaves no file behind', async () => {
	const { ann, bo, close } = await three();
	for (const { page } of [ann, bo]) await page.getByRole('button', { name: 'Chat' }).click();
	const chooser = ann.page.waitForEvent('filechooser');
	await ann.page.getByRole('button', { name: 'Send a file' }).click();
	await (await chooser).setFiles({ name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('a') });
	await ann.page.getByRole('button', { name: 'Send message' }).click();
	await log(bo.page).getByRole('link', { name: /^Download a.txt/ }).waitFor();
	expect(await onDisk()).toBe(1);
	await server.crashAndRestart();
	expect(await onDisk()).toBe(0);
	await close();
});

test('a host puts people in the spotlight for everybody, and a pin goes before it', async () => {
	const { room, ann, bo, cy, close } = await three();
	const stands = (page: Page, name: string, place: string) => tile(page, name).and(page.locator(`[data-stands=${place}]`)).waitFor();
	const manage = async (name: string, item: string) => {
		await tile(ann.page, name).hover();
		await tile(ann.page, name).getByRole('button', { name: `Manage ${name}` }).click();
		await ann.page.getByRole('menuitem', { name: item }).click();
	};
	await manage('Bo', 'Spotlight for everybody');
	await stands(cy.page, 'Bo', 'main');
	await stands(ann.page, 'Bo', 'main');
	await bo.page.getByText('A host put you in the spotlight. Everybody sees you large.').waitFor();
	await cy.page.getByRole('article', { name: /^Bo.*in the spotlight/ }).waitFor();
	const late = await open(browser, server.url + room.meeting_url);
	await join(late.page, 'Dora');
	await stands(late.page, 'Bo', 'main');
	await late.page.getByRole('button', { name: 'Participants' }).click();
	await late.page.getByRole('img', { name: 'In the spotlight' }).waitFor();
	await manage('Cy', 'Spotlight for everybody');
	await stands(late.page, 'Cy', 'main');
	await stands(late.page, 'Bo', 'main');

	await tile(late.page, 'Ann').hover();
	await tile(late.page, 'Ann').getByRole('button', { name: 'Options for Ann' }).click();
	expect(await late.page.getByRole('menuitem', { name: /potlight/ }).count()).toBe(0); // a guest
	await late.page.getByRole('menuitem', { name: 'Pin', exact: true }).click();
	await stands(late.page, 'Ann', 'main');
	await stands(late.page, 'Bo', 'tile');
	await tile(late.page, 'Ann').hover();
	await tile(late.page, 'Ann').getByRole('button', { name: 'Options for Ann' }).click();
	await late.page.getByRole('menuitem', { name: 'Unpin' }).click();

	await manage('Cy', 'End spotlight');
	await cy.page.getByText('You are no longer in the spotlight.').waitFor();
	await stands(late.page, 'Cy', 'tile');
	await bo.page.getByRole('button', { name: 'Leave meeting' }).click();
	await late.page.locator('[data-stands=main]').waitFor({ state: 'detached' });
	for (const { problems } of [ann, bo, cy, late]) expect(problems).toEqual([]);
	await Promise.all([late.context.close(), close()]);
});
