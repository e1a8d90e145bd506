// Every page and dialog of a meeting, in both themes, held to axe-core's rules:
// WCAG 2.2 AA and its best practices, nothing serious or critical.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { cutOff, join, open, tile } from './chromium.ts';
import { type Reservation } from './server.ts';
import { stage } from './stage.ts';

type Finding = { id: string; impact: string | null; nodes: { html: string; failureSummary?: string }[] };

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const { server, browser } = await stage();

/** What axe finds serious or critical on the page as it stands. */
async function findings(page: Page): Promise<string[]> {
	await page.evaluate(async () => {
		await Promise.all(document.getAnimations().filter((a) => a.effect?.getComputedTiming().iterations !== Infinity).map(async (a) => a.finished.catch(() => undefined)));
	});
	await page.evaluate(`if (window.axe === undefined) { ${axe} }`);
	const { violations } = await page.evaluate(async () => {
		const { axe } = window as unknown as { axe: { run: (context: unknown, options: unknown) => Promise<{ violations: Finding[] }> } };
		return await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations'] });
	});
	return violations
		.filter(({ impact }) => impact === 'serious' || impact === 'critical')
		.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary ?? ''}`).join(' | ')}`);
}

async function visit(room: string, theme: string, language = ''): Promise<Awaited<ReturnType<typeof open>>> {
	const visitor = await open(browser, 'about:blank');
	await visitor.page.addInitScript((chosen) => {
		if (localStorage.getItem('plenum.preferences') === null) localStorage.setItem('plenum.preferences', JSON.stringify(chosen));
	}, { theme, language });
	await visitor.page.goto(server.url + room);
	return visitor;
}

/** Closes whatever dialog or menu is open. */
const escape = async (page: Page) => { await page.keyboard.press('Escape'); };

describe.each(['dark', 'light'])('in the %s theme', (theme) => {
	test('nothing serious on any page, panel, menu or dialog', async () => {
		const room: Reservation = await server.reserve(60, 'Access');
		const guest = await visit(room.meeting_url, theme);
		const host = await visit(room.host_url, theme);
		const found: string[] = [];
		const check = async (what: string, page: Page) => { found.push(...(await findings(page)).map((one) => `${what}: ${one}`)); };

		await guest.page.getByRole('button', { name: 'Join meeting' }).waitFor();
		await guest.page.getByRole('heading', { name: 'Access' }).waitFor();
		await check('pre-join', guest.page);
		await guest.page.getByRole('button', { name: 'Join meeting' }).click();
		await check('pre-join without a name', guest.page);
		await join(guest.page, 'Bo');
		await check('alone', guest.page);
		await join(host.page, 'Ann');
		await tile(host.page, 'Bo').waitFor();
		await check('meeting', host.page);

		const { page } = host;
		await guest.page.getByRole('button', { name: 'Raise hand' }).click();
		await page.getByRole('button', { name: 'Chat' }).click();
		await check('empty chat', page);
		await page.getByRole('textbox', { name: 'Message' }).fill('@B');
		await page.getByRole('option', { name: 'Bo' }).waitFor();
		await check('names to mention', page);
		await page.keyboard.press('Enter');
		await page.keyboard.type('see https://a.example');
		await page.keyboard.press('Enter');
		await page.getByRole('link', { name: 'https://a.example' }).waitFor();
		await check('chat', page);
		await page.getByRole('button', { name: 'To everybody' }).click();
		await page.getByRole('menu', { name: 'Send to' }).waitFor();
		await check('menu of addressees', page);
		await page.getByRole('menuitemradio', { name: 'Bo', exact: true }).click();
		const chooser = page.waitForEvent('filechooser');
		await page.getByRole('button', { name: 'Send a file' }).click();
		await (await chooser).setFiles({ name: 'slow.txt', mimeType: 'text/plain', buffer: Buffer.from('the notes') });
		await page.getByRole('list', { name: 'Files to send' }).waitFor();
		await check('a file to send', page);
		await page.route('**/files?*', () => undefined);
		await page.getByRole('button', { name: 'Send message' }).click();
		await page.getByRole('progressbar', { name: 'slow.txt' }).waitFor();
		await check('a file on its way', page);
		await page.getByRole('button', { name: 'Stop sending slow.txt' }).click();
		await page.unroute('**/files?*');
		const again = page.waitForEvent('filechooser');
		await page.getByRole('button', { name: 'Send a file' }).click();
		await (await again).setFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('the notes') });
		await page.getByRole('button', { name: 'Send message' }).click();
		await page.getByRole('link', { name: /^Download notes.txt/ }).waitFor();
		await check('a private file', page);
		await page.getByRole('button', { name: 'Participants' }).click();
		await page.getByRole('region', { name: 'Raised hands' }).waitFor();
		await check('participants', page);
		await page.getByRole('complementary').getByRole('button', { name: 'Manage Bo' }).click();
		await check('menu of a participant', page);
		await page.getByRole('menuitem', { name: 'Spotlight for everybody' }).click();
		await page.getByRole('img', { name: 'In the spotlight' }).waitFor();
		await check('somebody in the spotlight', page);
		await page.getByRole('button', { name: 'Start recording' }).click();
		await page.getByRole('img', { name: 'This meeting is being recorded' }).waitFor();
		await check('recording', page);
		for (const name of ['React', 'Microphone and speaker', 'Camera choices', 'More']) {
			await page.getByRole('button', { name, exact: true }).click();
			await page.getByRole('menu').waitFor();
			await check(name, page);
			await escape(page);
		}
		for (const name of ['Invite others', 'Connection', 'Keyboard shortcuts']) {
			await page.getByRole('button', { name: 'More', exact: true }).click();
			await page.getByRole('menuitem', { name }).click();
			await page.getByRole('dialog', { name }).waitFor();
			await check(name, page);
			await escape(page);
		}
		await page.getByRole('button', { name: 'Settings' }).click();
		await page.getByRole('dialog', { name: 'Settings' }).waitFor();
		await check('settings', page);
		await escape(page);
		await cutOff(guest.context, guest.page);
		await page.getByRole('article', { name: /^Bo.*reconnecting/ }).waitFor();
		await check('somebody reconnecting', page);
		await guest.page.getByText('Reconnecting…').first().waitFor();
		await check('reconnecting', guest.page);
		await page.getByRole('button', { name: 'End meeting for all' }).click();
		await page.getByRole('dialog').waitFor();
		await check('end dialog', page);
		await page.getByRole('button', { name: 'End for everybody' }).click();
		await page.getByRole('heading', { name: 'The meeting has ended' }).waitFor();
		await check('over', page);
		expect(found).toEqual([]);
		expect([...guest.problems, ...host.problems]).toEqual([]);
		await Promise.all([guest, host].map(async (one) => one.context.close()));
	});
});

test('nothing serious on a phone, in Arabic', async () => {
	const room = await server.reserve(60, 'Access');
	const { page, context } = await visit(room.meeting_url, 'dark', 'ar');
	await page.setViewportSize({ width: 390, height: 844 });
	await page.getByRole('textbox', { name: 'اسمك' }).fill('ليلى');
	expect(await findings(page)).toEqual([]);
	await page.getByRole('button', { name: 'الانضمام إلى الاجتماع' }).click();
	await page.getByRole('button', { name: 'مغادرة الاجتماع' }).waitFor();
	expect(await findings(page)).toEqual([]);
	await page.getByRole('button', { name: 'المزيد' }).click();
	await page.getByRole('dialog').waitFor();
	expect(await findings(page)).toEqual([]);
	expect(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dir])).toEqual(['ar', 'rtl']);
	await context.close();
});

test('a viewer without a mouse gets to everything, and always sees where they are', async () => {
	const room = await server.reserve();
	const { page, context } = await open(browser, server.url + room.host_url);
	await page.getByRole('textbox', { name: 'Your name' }).focus();
	await page.keyboard.type('Ann');
	await page.keyboard.press('Enter');
	await page.getByRole('button', { name: 'Leave meeting' }).waitFor();
	const reached = new Set<string>();
	for (let i = 0; i < 60; i++) {
		await page.keyboard.press('Tab');
		const at = await page.evaluate(() => {
			const element = document.activeElement;
			if (!(element instanceof HTMLElement) || element === document.body) return undefined;
			const { outlineStyle, outlineWidth } = getComputedStyle(element);
			return { name: element.getAttribute('aria-label') ?? element.textContent.trim(), ring: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 };
		});
		if (at === undefined) continue;
		expect(at).toMatchObject({ ring: true });
		reached.add(at.name);
	}
	for (const name of ['Mute microphone', 'Turn off camera', 'Share screen', 'Raise hand', 'React', 'Chat', 'Participants', 'Start recording', 'Settings', 'More', 'End meeting for all', 'Leave meeting', 'Copy link']) expect([...reached]).toContain(name);

	await page.keyboard.press('?');
	const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
	await sheet.waitFor();
	await page.keyboard.press('Escape');
	await sheet.waitFor({ state: 'hidden' });
	await page.getByRole('button', { name: 'Settings' }).focus();
	await page.keyboard.press('Enter');
	await page.getByRole('dialog', { name: 'Settings' }).waitFor();
	expect(await page.evaluate(() => document.activeElement?.closest('.dialog-body') !== null)).toBe(true); // not on Close
	await page.keyboard.press('Escape');
	await page.getByRole('button', { name: 'Settings' }).and(page.locator(':focus')).waitFor();

	await page.getByRole('button', { name: 'Mute microphone' }).click();
	await page.getByRole('button', { name: 'Unmute microphone' }).waitFor();
	await page.evaluate(() => { if (document.activeElement instanceof HTMLElement) document.activeElement.blur(); });
	await page.keyboard.down(' ');
	await page.getByRole('button', { name: 'Mute microphone', exact: true }).waitFor();
	await page.keyboard.up(' ');
	await page.getByRole('button', { name: 'Unmute microphone' }).waitFor();
	await context.close();
});

test('at 400 % nothing is cut off sideways', async () => {
	const room = await server.reserve(60, 'A title that is rather longer than it should be');
	const { page, context } = await open(browser, server.url + room.host_url);
	await page.setViewportSize({ width: 320, height: 256 }); // 1280 × 1024 at 400 % (WCAG 1.4.10)
	const wide = async () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
	await page.getByRole('heading', { name: /A title/ }).waitFor();
	expect(await wide()).toBeLessThanOrEqual(0);
	await join(page, 'Ann');
	expect(await wide()).toBeLessThanOrEqual(0);
	for (const name of ['Mute microphone', 'Turn off camera', 'Chat', 'Participants', 'More', 'Leave meeting']) {
		const box = await page.getByRole('button', { name, exact: true }).boundingBox();
		expect(box).not.toBeNull();
		expect([name, (box?.x ?? -1) >= 0, (box?.x ?? 0) + (box?.width ?? 999) <= 320]).toEqual([name, true, true]);
	}
	await page.getByRole('button', { name: 'More', exact: true }).click();
	expect(await wide()).toBeLessThanOrEqual(0);
	await page.getByRole('button', { name: 'Keyboard shortcuts' }).click();
	expect(await wide()).toBeLessThanOrEqual(0);
	await context.close();
});

test('who wants no motion gets none', async () => {
	const room = await server.reserve();
	const { page, context } = await open(browser, server.url + room.host_url);
	await page.emulateMedia({ reducedMotion: 'reduce' });
	await join(page, 'Ann');
	await page.getByRole('button', { name: 'Start recording' }).click();
	await page.getByRole('img', { name: 'This meeting is being recorded' }).waitFor();
	await page.getByRole('button', { name: 'Chat' }).click();
	expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
	await context.close();
});
