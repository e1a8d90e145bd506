// The admin page as somebody uses it: rooms in a calendar, users and tokens,
// pushes, attendance, webhooks with their deliveries, and axe-core on all of it.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { join, launch, open } from './chromium.ts';
import { receiverFlags, startReceiver, type Receiver } from './receiver.ts';
import { adminPassword, startServer, until, type Server } from './server.ts';

type Room = { id: string; title: string; start: string; end: string; cancelled: boolean; meeting_url: string; host_url: string };

let server: Server;
let browser: Browser;
let receiver: Receiver;
let context: BrowserContext;
let page: Page;
const problems: string[] = [];

beforeAll(async () => {
	[browser, receiver] = await Promise.all([launch(), startReceiver()]);
	server = await startServer({ args: receiverFlags });
	context = await browser.newContext({ viewport: { width: 1280, height: 900 }, timezoneId: 'Europe/Berlin', locale: 'en-GB', permissions: ['clipboard-read', 'clipboard-write'] });
	page = await context.newPage();
	page.setDefaultTimeout(15_000);
	page.on('pageerror', (e) => problems.push(e.message));
	page.on('console', (m) => { if (m.type() === 'error' && /Content Security Policy|Uncaught/.test(m.text())) problems.push(m.text()); });
	await page.goto(`${server.url}/admin/`);
	await page.getByRole('textbox', { name: 'Username' }).fill('admin');
	await page.getByLabel('Password').fill(adminPassword);
	await page.getByRole('button', { name: 'Log in' }).click();
	await page.getByRole('heading', { name: 'Rooms', exact: true }).waitFor();
});
afterAll(async () => {
	await browser.close();
	await server.stop();
	await receiver.close();
});

const button = (name: string | RegExp) => page.getByRole('button', { name });
const pick = async (menu: string | RegExp, item: string) => {
	await button(menu).click();
	await page.getByRole('menuitem', { name: item }).click();
};
const json = async <T>(path: string): Promise<T> => (await (await server.get(path)).json()) as T;
const rooms = async () => (await json<{ rooms: Room[] }>('/api/v1/rooms')).rooms;

/** Tomorrow's date in the page's zone. */
const tomorrow = () => new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Berlin' }).format(Date.now() + 86_400_000);

describe.sequential('an admin', () => {
	test('reserves a room for tomorrow, sees it in the calendar, extends it, copies its link and cancels it', async () => {
		await button('Reserve a room').first().click();
		const dialog = page.getByRole('dialog');
		await dialog.getByRole('textbox', { name: 'What is it about' }).fill('<b>Planning</b> & more');
		await dialog.getByRole('radio', { name: 'Later' }).check();
		await dialog.getByLabel('Starts on').fill(tomorrow());
		await dialog.getByLabel('Starts at').fill('09:30');
		await dialog.getByLabel('Time zone').selectOption('Asia/Kolkata');
		await dialog.getByText('Passcode, lobby, recording and roles').click();
		await dialog.getByRole('textbox', { name: 'Passcode' }).fill('open sesame');
		await dialog.getByRole('button', { name: 'Reserve room' }).click();
		await dialog.getByRole('heading', { name: 'Your room is reserved' }).waitFor();
		const [room] = await rooms();
		expect(room).toMatchObject({ title: '<b>Planning</b> & more', start: `${tomorrow()}T04:00:00.000Z`, timezone: 'Asia/Kolkata', has_passcode: true });
		await page.keyboard.press('Escape');

		await page.goto(`${server.url}/admin/rooms?view=month&date=${tomorrow()}`);
		await page.getByRole('link', { name: /<b>Planning<\/b> & more/ }).click();
		await page.getByRole('heading', { name: '<b>Planning</b> & more' }).waitFor();

		await pick(/^More for/, 'Extend');
		await page.getByRole('radio', { name: '30 min' }).check();
		await button('Extend room').click();
		await page.getByText(/now ends tomorrow/).waitFor();
		expect((await rooms())[0]?.end).toBe(`${tomorrow()}T05:30:00.000Z`);

		await button(/^Copy link of/).click();
		await button('Copied').waitFor();
		expect(await page.evaluate(async () => navigator.clipboard.readText())).toBe(server.url + String(room?.meeting_url));

		await pick(/^More for/, 'Cancel room');
		await page.getByRole('dialog').getByRole('button', { name: 'Cancel room' }).click();
		await page.getByText('was cancelled').waitFor();
		expect((await rooms())[0]?.cancelled).toBe(true);
	});

	test('adds a user with an allow-list, and makes a token that works until it is revoked', async () => {
		await page.goto(`${server.url}/admin/users`);
		await button('Add a user').click();
		await page.getByRole('textbox', { name: 'Username' }).fill('maria');
		await page.getByLabel('Password').fill('four plain words here');
		await page.getByLabel(/May log in from/).fill('not an address');
		await button('Add user').click();
		await page.getByText('“not an address” is no address or range.').or(page.getByText('“not” is no address or range.')).waitFor();
		await page.getByLabel(/May log in from/).fill('127.0.0.0/8, ::1');
		await button('Add user').click();
		await page.getByRole('row', { name: /maria/ }).getByText('127.0.0.0/8').waitFor();

		await page.getByRole('link', { name: 'Tokens' }).click();
		await button('Make a token').click();
		await page.getByRole('textbox', { name: 'Name' }).fill('Build server');
		await page.getByRole('dialog').getByRole('button', { name: 'Make token' }).click();
		const token = await page.getByLabel('Token “Build server”', { exact: true }).textContent();
		const ask = async () => (await fetch(`${server.url}/api/v1/rooms`, { headers: { Authorization: `Bearer ${String(token)}` } })).status;
		expect(await ask()).toBe(200);
		await button('I have copied it').click();
		await button('Revoke Build server').click();
		await page.getByRole('dialog').getByRole('button', { name: 'Revoke token' }).click();
		await page.getByText('was revoked').waitFor();
		expect(await ask()).toBe(401);
	});

	test('pushes to an attendant by what it said of itself, and sees what became of it', async () => {
		await page.goto(`${server.url}/admin/attendants`);
		await page.evaluate(async () => {
			const got: string[] = [];
			(window as unknown as { got: string[] }).got = got;
			const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/attendance/?my_id=peter&floor=2`);
			socket.onmessage = (message) => { got.push(String(message.data)); };
			await new Promise((done) => { socket.addEventListener('open', done, { once: true }); });
		});
		await page.getByText('my_id: peter').waitFor();
		await button('Push a message').click();
		await page.getByLabel('Detail', { exact: true }).fill('floor');
		await page.getByLabel('Is', { exact: true }).fill('2');
		await page.getByLabel(/^Message/).last().fill('{"lunch": true}');
		await button('Push message').click();
		await page.getByText('Delivered to 1 recipient.').waitFor();
		expect(await page.evaluate(() => (window as unknown as { got: string[] }).got.map((text) => JSON.parse(text) as unknown))).toEqual([{ lunch: true }]);
		await page.keyboard.press('Escape');
	});

	test('looks after a meeting, and reads who was in it', async () => {
		const reserved = await server.reserve(60, 'Looked after');
		const id = (await rooms()).find(({ title }) => title === 'Looked after')?.id ?? '';
		const guest = await open(browser, server.url + reserved.meeting_url, { colour: 'rgb(20, 120, 220)' });
		await join(guest.page, 'Bo <i>Chen</i>');
		await page.goto(`${server.url}/admin/rooms/${id}`);
		await pick('Manage Bo <i>Chen</i>', 'Mute');
		await guest.page.getByRole('button', { name: 'Unmute microphone' }).waitFor();
		await page.getByRole('listitem').filter({ hasText: 'Bo' }).getByRole('img', { name: 'Muted' }).waitFor();
		await button('Message all').click();
		await page.getByRole('dialog').getByLabel(/^Message/).fill('We move to room 2');
		await button('Send message').click();
		await guest.page.getByText('We move to room 2').waitFor();
		await button('Lock').click();
		await button('Unlock').waitFor();
		await pick('Manage Bo <i>Chen</i>', 'Remove from the meeting');
		await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
		await page.getByText('Nobody is in. Send').waitFor();
		await guest.context.close();

		await page.getByRole('link', { name: 'Attendance' }).click();
		const row = page.getByRole('row', { name: /Bo <i>Chen<\/i>/ });
		await row.waitFor();
		await button('Visits').click();
		await row.getByText(/removed by a host/).waitFor();
		const csv = await context.request.get(server.url + String(await page.getByRole('link', { name: 'Download CSV' }).getAttribute('href')));
		expect(await csv.text()).toContain('Bo <i>Chen</i>');
		await page.getByRole('link', { name: 'Events' }).click();
		await page.getByRole('listitem').filter({ hasText: 'Bo <i>Chen</i> was removed' }).waitFor();
	});

	test('lets in who waits in the lobby, sends them back, and denies another', async () => {
		const room = await server.make({ lobby: true, description: 'Behind a door' });
		await page.goto(`${server.url}/admin/rooms/${room.id}`);
		await page.getByText('Nobody is in. Send').waitFor();
		const lobby = page.getByRole('region', { name: 'Waiting to be let in' });
		expect(await lobby.count()).toBe(0);
		const come = async (name: string, colour: string) => {
			const guest = await open(browser, server.url + room.meeting_url, { colour });
			await guest.page.getByRole('textbox', { name: 'Your name' }).fill(name);
			await guest.page.getByRole('button', { name: 'Join meeting' }).click();
			await lobby.getByRole('listitem').filter({ hasText: name }).waitFor();
			return guest;
		};
		const answer = (action: string, name: string) => lobby.getByRole('button', { name: action, exact: true, description: name });
		const dee = await come('Dee <u>Day</u>', 'green');
		const eve = await come('Eve', 'blue');
		expect(await page.getByRole('status').filter({ hasText: 'Nobody, 2 waiting' }).count()).toBe(1);
		await answer('Admit', 'Dee <u>Day</u>').click();
		await dee.page.getByRole('button', { name: 'Leave meeting' }).waitFor();
		await page.getByText('Dee <u>Day</u> was let in.').waitFor();
		const inside = page.getByRole('list', { name: 'In Behind a door' });
		await inside.getByText('Dee <u>Day</u>').waitFor();
		await answer('Deny', 'Eve').click();
		await eve.page.getByRole('heading', { name: 'You were not let in' }).waitFor();
		await lobby.waitFor({ state: 'detached' });

		await pick('Manage Dee <u>Day</u>', 'Make audience');
		await inside.getByText('Audience', { exact: true }).waitFor();
		await pick('Manage Dee <u>Day</u>', 'Send to lobby');
		await dee.page.getByText('A host sent you back to the lobby').waitFor();
		await lobby.getByText(/^Sent back by a host; since/).waitFor();
		const fay = await come('Fay', 'red');
		await lobby.getByRole('button', { name: 'Admit all' }).click();
		for (const guest of [dee, fay]) await guest.page.getByRole('button', { name: 'Leave meeting' }).waitFor();
		await lobby.waitFor({ state: 'detached' });
		expect([...dee.problems, ...eve.problems, ...fay.problems]).toEqual([]);
		await Promise.all([dee, eve, fay].map(async (one) => one.context.close()));
	});

	test('gives out two links, sees who came, and revokes one: who came by it is out, the other stays', async () => {
		const room = await server.make({ description: 'By invitation' });
		await page.goto(`${server.url}/admin/rooms/${room.id}`);
		const links = page.getByRole('list', { name: 'Links made for a role' });
		const give = async (label: string) => {
			await button('Make a link').click();
			const dialog = page.getByRole('dialog');
			await dialog.getByRole('textbox', { name: 'Label' }).fill(label);
			await dialog.getByRole('button', { name: 'Make link' }).click();
			const url = String(await dialog.getByLabel('Link for anybody, as speaker', { exact: true }).textContent());
			await dialog.getByRole('button', { name: 'Done' }).click();
			await links.getByRole('listitem').filter({ hasText: label }).getByText('Not used yet. Holds as long as the room.').waitFor();
			return url;
		};
		const press = await open(browser, await give('Press <i>corps</i>'), { colour: 'green' });
		const choir = await open(browser, await give('Choir'), { colour: 'blue' });
		await join(press.page, 'Pia');
		await join(choir.page, 'Cora');
		await page.reload();
		await links.getByRole('listitem').filter({ hasText: 'Press' }).getByText(/^Last used today/).waitFor();

		const figures = page.getByRole('list', { name: 'How much goes on in this room' });
		await figures.getByRole('img', { name: /^People: 2 now, [0-2] to 2 in the last minute$/ }).waitFor({ timeout: 30_000 });
		await figures.getByRole('img', { name: /^Sent: [\d.]+\s[kM]bit\/s now/ }).waitFor({ timeout: 30_000 });
		expect(await figures.getByRole('img').count()).toBe(4);

		await button('Revoke the link: Press <i>corps</i>').click();
		await page.getByRole('dialog').getByRole('button', { name: 'Revoke link' }).click();
		await press.page.getByRole('heading', { name: 'Your link is no longer valid' }).waitFor();
		await links.getByRole('listitem').filter({ hasText: 'Press' }).waitFor({ state: 'detached' });
		await choir.page.getByRole('button', { name: 'Leave meeting' }).waitFor();
		expect((await json<{ participants: { name: string }[] }>(`/api/v1/rooms/${room.id}/participants`)).participants.map(({ name }) => name)).toEqual(['Cora']);
		await page.getByRole('link', { name: 'All rooms' }).click();
		await page.getByRole('region', { name: 'This server now' }).getByRole('img', { name: /^People: 1 now/ }).waitFor({ timeout: 30_000 });
		expect([...press.problems, ...choir.problems]).toEqual([]);
		await Promise.all([press, choir].map(async (one) => one.context.close()));
	});

	test('adds a webhook, tests it, and sees the delivery', async () => {
		await page.goto(`${server.url}/admin/webhooks`);
		await button('Add a webhook').click();
		await page.getByRole('textbox', { name: 'Name' }).fill('Payroll');
		await page.getByRole('textbox', { name: 'Address' }).fill(receiver.url);
		await page.getByRole('dialog').getByRole('button', { name: 'Add webhook' }).click();
		await page.getByText('It is shown this once.').waitFor();
		await button('I have copied it').click();
		await button('Send a test').click();
		await until('the ping', () => receiver.received.some(({ type, signature }) => type === 'webhook.ping' && signature.startsWith('v1,')));
		await page.getByRole('row', { name: /webhook\.ping/ }).getByText('Delivered').waitFor();
	});

	test('finds all of it in the audit log, and a host sees less', async () => {
		await page.goto(`${server.url}/admin/audit?action=createUser`);
		await page.getByRole('cell', { name: 'Added a user' }).first().waitFor();
		const other = await browser.newContext({ locale: 'en-GB' });
		await other.request.post(`${server.url}/api/v1/session`, { data: { username: 'maria', password: 'four plain words here' } });
		const host = await other.newPage();
		await host.goto(`${server.url}/admin/users`);
		await host.getByText('This page is for admins').waitFor();
		expect(await host.getByRole('link', { name: 'Audit log' }).count()).toBe(0);
		await host.getByRole('link', { name: 'Rooms' }).click();
		await host.getByText('No rooms yet').waitFor();
		await other.close();
	});

	test('meets nothing serious for assistive technology on any page', async () => {
		const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
		const room = (await rooms()).find(({ title }) => title === 'Looked after');
		const found: string[] = [];
		for (const theme of ['light', 'dark'] as const) {
			await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
			for (const path of ['rooms', 'rooms?view=week', 'rooms?view=month', `rooms/${String(room?.id)}`, `rooms/${String(room?.id)}/attendance`, `rooms/${String(room?.id)}/events`, 'recordings', 'attendants', 'webhooks', 'webhooks/1', 'tokens', 'users', 'audit']) {
				await page.goto(`${server.url}/admin/${path}`);
				await page.getByRole('heading', { level: 1 }).waitFor();
				await page.locator('.skeleton').first().waitFor({ state: 'detached' });
				found.push(...(await findings(page, axe)).map((one) => `${theme} ${path}: ${one}`));
			}
		}
		expect(found).toEqual([]);
		expect(problems).toEqual([]);
	});
});

type Finding = { id: string; impact: string | null; nodes: { html: string; failureSummary?: string }[] };

/** What axe finds serious or critical on the page as it stands. */
async function findings(of: Page, axe: string): Promise<string[]> {
	await of.evaluate(`if (window.axe === undefined) { ${axe} }`);
	const { violations } = await of.evaluate(async () => {
		const { axe: run } = window as unknown as { axe: { run: (context: unknown, options: unknown) => Promise<{ violations: Finding[] }> } };
		return await run.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations'] });
	});
	return violations
		.filter(({ impact }) => impact === 'serious' || impact === 'critical')
		.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary = '' }) => `${html} ${failureSummary}`).join(' | ')}`);
}
