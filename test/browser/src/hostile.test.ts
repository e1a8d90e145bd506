// Strings that want to be code stay words: as names, in the chat, as titles.
import { expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { join, open } from './chromium.ts';
import { adminPassword, until } from './server.ts';
import { stage } from './stage.ts';

const hostile = [
	'<img src=x onerror=alert(1)>',
	'"><script>alert(1)</script>',
	'</textarea><svg onload=alert(1)>',
	'{{constructor.constructor("alert(1)")()}}',
	"' onmouseover='alert(1)",
	'javascript:alert(1)',
	'\u202Egnp.exe\u202C',
	'`${alert(1)}`',
];

const { server, browser } = await stage();

/** Counts what must never happen: dialogs, and reports of the content security policy. */
async function watch(page: Page): Promise<string[]> {
	const seen: string[] = [];
	page.on('dialog', (dialog) => { seen.push(`dialog: ${dialog.message()}`); void dialog.dismiss(); });
	await page.addInitScript(() => {
		const w = window as unknown as { plenumReports: string[] };
		w.plenumReports = [];
		document.addEventListener('securitypolicyviolation', (e) => w.plenumReports.push(`${e.violatedDirective} ${e.blockedURI} ${e.sample}`));
	});
	return seen;
}

const reports = async (page: Page) => page.evaluate(() => (window as unknown as { plenumReports: string[] }).plenumReports);

test('no name, message or title runs, and none breaks the content security policy', async () => {
	const room = await server.reserve(60, hostile[0]);
	const [ann, bo] = await Promise.all([open(browser, 'about:blank'), open(browser, 'about:blank')]);
	const seen = (await Promise.all([watch(ann.page), watch(bo.page)])).flat();
	await ann.page.goto(server.url + room.host_url);
	await ann.page.getByRole('heading', { name: hostile[0] ?? '', exact: true }).waitFor();
	expect(await ann.page.title()).not.toContain('\n');
	await bo.page.goto(server.url + room.meeting_url);
	await join(ann.page, hostile[1] ?? '');
	await join(bo.page, hostile[4] ?? '');
	await ann.page.getByRole('button', { name: 'Participants' }).click();
	await ann.page.getByRole('list', { name: 'Participants' }).getByText(hostile[4] ?? '', { exact: true }).waitFor();
	await ann.page.getByRole('button', { name: 'Chat' }).click();
	for (const text of hostile) {
		await ann.page.getByRole('textbox', { name: 'Message' }).fill(text);
		await ann.page.keyboard.press('Enter');
	}
	await bo.page.getByRole('button', { name: 'Chat' }).click();
	const log = bo.page.getByRole('log');
	for (const text of hostile) await log.getByText(text.replace(/\p{Bidi_Control}/gu, ''), { exact: true }).first().waitFor(); // the server leaves no signs that turn text about
	expect(await log.getByRole('link').count()).toBe(0);
	expect(await bo.page.locator('.chat-log img, .chat-log svg[onload], script:not([src])').count()).toBe(0);
	// The same in private, with files under such names, to somebody of such a name.
	await ann.page.getByRole('button', { name: 'To everybody' }).click();
	await ann.page.getByRole('menuitemradio', { name: hostile[4] ?? '', exact: true }).click();
	for (const text of hostile) {
		await ann.page.getByRole('textbox', { name: 'Message' }).fill(text);
		await ann.page.keyboard.press('Enter');
	}
	await log.getByText('Private, to you').first().waitFor();
	for (const text of hostile) await log.getByText(text.replace(/\p{Bidi_Control}/gu, ''), { exact: true }).nth(1).waitFor();
	await ann.page.locator('aside.panel').evaluate((panel, names) => {
		const data = new DataTransfer();
		for (const name of names) data.items.add(new File(['<script>alert(1)</script><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'], `${name}.png`, { type: 'image/svg+xml' }));
		panel.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
	}, [...hostile]);
	await ann.page.getByRole('list', { name: 'Files to send' }).getByText(`${hostile[0] ?? ''}.png`, { exact: true }).waitFor();
	await ann.page.getByRole('button', { name: 'Send message' }).click();
	await until('all files to arrive', async () => (await log.getByRole('link', { name: /^Download/ }).count()) === hostile.length);
	const links = await log.getByRole('link', { name: /^Download/ }).evaluateAll((all) => all.map((one) => ({ name: one.getAttribute('download') ?? '', href: (one as HTMLAnchorElement).href })));
	for (const { name, href } of links) {
		expect(name).not.toMatch(/[<>"/\\|?*:\p{Bidi_Control}]/u);
		expect(new URL(href).origin).toBe(server.url);
	}
	expect(await log.locator('img, script, svg[onload]').count()).toBe(0);
	const shown = await bo.context.newPage(); // opened by hand, a file is saved and never a page
	const saved = shown.waitForEvent('download');
	await shown.goto(links[0]?.href ?? '').catch(() => undefined);
	await saved;
	await shown.close();
	await bo.page.getByRole('article').first().hover();
	await ann.page.getByRole('complementary').getByRole('button', { name: 'Close panel' }).click();
	await ann.page.getByRole('button', { name: 'More', exact: true }).click();
	await ann.page.getByRole('menuitem', { name: 'Connection' }).click();
	await ann.page.getByRole('dialog', { name: 'Connection' }).getByText(hostile[4] ?? '').first().waitFor();
	await ann.page.keyboard.press('Escape');

	const admin = await open(browser, 'about:blank');
	seen.push(...(await watch(admin.page)));
	await admin.page.evaluate(() => undefined);
	await admin.page.goto(`${server.url}/admin/`);
	await admin.page.evaluate(async (details) => {
		const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/attendance/?my_id=${encodeURIComponent(details)}`);
		await new Promise((done) => { socket.addEventListener('open', done, { once: true }); });
	}, hostile[0] ?? '');
	await admin.page.getByRole('textbox', { name: /name/i }).fill('admin');
	await admin.page.getByLabel(/password/i).fill(adminPassword);
	await admin.page.getByRole('button', { name: /log in/i }).click();
	await admin.page.getByText(hostile[0] ?? '').first().waitFor();
	expect([...seen, ...(await reports(ann.page)), ...(await reports(bo.page)), ...(await reports(admin.page))]).toEqual([]);
	expect([...ann.problems, ...bo.problems, ...admin.problems]).toEqual([]);
	await Promise.all([ann, bo, admin].map(async (one) => one.context.close()));
});
