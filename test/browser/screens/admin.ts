// Pictures of every admin page and dialog, from a real server that has something
// to show: `npm run screenshots`. They go to test/artifacts, which git ignores.
// PAGES narrows them: PAGES='^room' npm run screenshots.
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, test } from 'vitest';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { join, launch, open } from '../src/chromium.ts';
import { receiverFlags, startReceiver, type Receiver } from '../src/receiver.ts';
import { adminPassword, startServer, until, type Server } from '../src/server.ts';

const out = fileURLToPath(new URL('../../artifacts/admin/', import.meta.url));
const sizes = { desktop: { width: 1440, height: 900 }, tablet: { width: 1024, height: 768 }, phone: { width: 390, height: 844 } } as const;

/** Which pages are wanted. */
const wanted = new RegExp(process.env.PAGES ?? '');

let server: Server;
let browser: Browser;
let receiver: Receiver;
let live: string;
let recording: string;
let webhook: number;
const guests: BrowserContext[] = [];

beforeAll(async () => {
	await mkdir(out, { recursive: true });
	[browser, receiver] = await Promise.all([launch(), startReceiver()]);
	server = await startServer({ args: receiverFlags });
	await fill();
}, 180_000);
afterAll(async () => {
	await Promise.all(guests.map(async (guest) => guest.close()));
	await browser.close();
	await server.stop();
	await receiver.close();
});

async function post<T>(path: string, body: object, method = 'POST'): Promise<T> {
	const answer = await server.get(`/api/v1${path}`, { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
	const text = await answer.text();
	if (!answer.ok) throw new Error(`${method} ${path}: ${String(answer.status)} ${text}`);
	return (text === '' ? undefined : JSON.parse(text)) as T;
}

type Room = { id: string; meeting_url: string; host_url: string };

/** Rooms in all states, a meeting that is recorded, users, tokens, webhooks and an attendant. */
async function fill(): Promise<void> {
	const day = 86_400_000;
	const base = new Date();
	base.setMinutes(0, 0, 0);
	const later = async (days: number, hour: number, duration: number, description: string, more: object = {}) =>
		post<Room>('/rooms', { start: new Date(new Date(base.getTime() + days * day).setHours(hour)).toISOString(), duration, timezone: 'Europe/Berlin', description, ...more });
	const room = await post<Room>('/rooms', { duration: 90, timezone: 'Asia/Kolkata', description: 'Design review', capacity: 25 });
	live = room.id;
	await post('/webhooks', { name: 'Payroll', url: receiver.url, events: ['participant.joined', 'participant.left'] });
	webhook = (await post<{ id: number }>('/webhooks', { name: '', url: receiver.url, rooms: 'all' })).id;
	await later(1, 9, 60, 'Weekly planning', { passcode: 'open sesame', lobby: true });
	await later(1, 9, 90, 'Interview, Dana Scully-O’Brien', { guest_role: 'audience', audience_may: ['chat'] });
	await later(1, 14, 30, '<img src=x onerror=alert(1)> a very long description that goes on and on, well past any column');
	await later(2, 10, 240, 'Board');
	await later(4, 16, 45, 'Retrospective');
	await later(9, 11, 60, 'All hands');
	const gone = await later(3, 11, 60, 'Called off');
	await post(`/rooms/${gone.id}`, {}, 'DELETE').catch(() => undefined);
	await post('/users', { username: 'maria', password: 'four plain words here', role: 'host' });
	await post('/users', { username: 'attendance-service', password: 'four plain words here', role: 'host', allow_from: ['10.0.0.0/8', '192.0.2.7'] });
	const old = await post<{ id: number }>('/users', { username: 'jonas', password: 'four plain words here', role: 'admin' });
	await post(`/users/${String(old.id)}`, { disabled: true }, 'PATCH');
	await post('/tokens', { name: 'Build server', scopes: ['read', 'push'], expires_at: new Date(Date.now() + 3 * day).toISOString() });
	await post('/tokens', { name: 'Room panel, third floor', scopes: ['read'] });
	await post(`/rooms/${live}/links`, { role: 'host', name: 'Zoë Okonkwo-Featherstonehaugh', label: 'For the chair', expires_at: new Date(Date.now() + 3_600_000).toISOString() });
	const used = await post<{ url: string }>(`/rooms/${live}/links`, { role: 'speaker', label: 'Press, with a label that goes on for quite a while and then some more' });
	await post(`/rooms/${live}/links`, { role: 'audience' });
	await meet(room, used.url);
	receiver.answer(503);
	await post(`/webhooks/${String(webhook)}/ping`, {});
}

async function meet(room: Room, link: string): Promise<void> {
	const host = await open(browser, server.url + room.host_url, { colour: 'rgb(90, 120, 170)' });
	const guest = await open(browser, server.url + link, { colour: 'rgb(150, 110, 90)' });
	guests.push(host.context, guest.context);
	await join(host.page, 'Ann Lee');
	await join(guest.page, 'Cyril Dupont');
	await host.page.getByRole('button', { name: 'Start recording' }).click();
	await host.page.getByRole('button', { name: 'Stop recording' }).first().waitFor();
	await guest.page.getByRole('button', { name: /^Chat/ }).click();
	await guest.page.getByRole('textbox', { name: 'Message' }).fill('The agenda is at https://example.org/agenda');
	await guest.page.keyboard.press('Enter');
	await host.page.waitForTimeout(8000); // so that there is something to play
	await host.page.getByRole('button', { name: 'Stop recording' }).click();
	await host.page.getByRole('dialog').getByRole('button', { name: 'Stop recording' }).click({ timeout: 2000 }).catch(() => undefined);
	recording = await until('the recording to be ready', async () => {
		const { recordings } = (await (await server.get('/api/v1/recordings')).json()) as { recordings: { id: string; state: string }[] };
		return recordings.find(({ state }) => state === 'ready' || state === 'degraded')?.id;
	});
	for (const [kind, options] of [['chapters', {}], ['speakers', {}], ['chat', {}], ['composite', { layout: 'grid', height: 360 }]] as const) await post(`/recordings/${recording}/derived`, { kind, options });
	await until('the derived files', async () => {
		const { jobs } = (await (await server.get(`/api/v1/recordings/${recording}/derived`)).json()) as { jobs: { state: string }[] };
		return jobs.every(({ state }) => state !== 'queued' && state !== 'running');
	}, 60_000);
	await guest.page.getByRole('button', { name: 'Raise hand' }).click();
	await guest.page.evaluate(async () => {
		for (const query of ['my_id=peter&floor=2', 'my_id=%3Cb%3Ebob%3C%2Fb%3E&room=a%20very%20long%20room%20name%20that%20does%20not%20fit']) {
			const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/attendance/?${query}`);
			await new Promise((done) => { socket.addEventListener('open', done, { once: true }); });
		}
	});
}

type Step = readonly [name: string, path: string, act?: (page: Page) => Promise<void>];

const click = (name: string | RegExp) => async (page: Page) => { await page.getByRole('button', { name }).first().click(); };

const pick = (more: RegExp, item: string) => async (page: Page) => {
	await page.getByRole('button', { name: more }).first().click();
	await page.getByRole('menuitem', { name: item }).click();
};

const steps = (): readonly Step[] => [
	['rooms', '/admin/rooms'],
	['rooms-week', '/admin/rooms?view=week'],
	['rooms-month', '/admin/rooms?view=month'],
	['rooms-none', '/admin/rooms?state=ended'],
	['reserve', '/admin/rooms', async (page) => {
		await click('Reserve a room')(page);
		await page.getByRole('radio', { name: 'Later' }).check();
		await page.getByRole('radio', { name: 'Until' }).check();
	}],
	['reserve-more', '/admin/rooms', async (page) => {
		await click('Reserve a room')(page);
		await page.getByText('Passcode, lobby, recording and roles').click();
		await page.getByRole('radio', { name: 'Watch and listen' }).check();
		await page.getByText('The audience may also').scrollIntoViewIfNeeded();
	}],
	['reserved', '/admin/rooms', async (page) => {
		await click('Reserve a room')(page);
		await page.getByRole('textbox', { name: 'What is it about' }).fill('Screenshot');
		await page.getByRole('radio', { name: 'Later' }).check();
		await page.getByRole('button', { name: 'Reserve room' }).click();
		await page.getByText('Meeting link').waitFor();
	}],
	['room', `/admin/rooms/${live}`],
	['room-menu', `/admin/rooms/${live}`, click(/^More for/)],
	['room-person', `/admin/rooms/${live}`, click(/^Manage Cyril/)],
	['room-edit', `/admin/rooms/${live}`, pick(/^More for/, 'Change')],
	['room-extend', `/admin/rooms/${live}`, pick(/^More for/, 'Extend')],
	['room-end', `/admin/rooms/${live}`, pick(/^More for/, 'End meeting')],
	['room-message', `/admin/rooms/${live}`, click('Message all')],
	['room-link', `/admin/rooms/${live}`, click('Make a link')],
	['room-revoke', `/admin/rooms/${live}`, click('Revoke all')],
	['room-revoke-one', `/admin/rooms/${live}`, click(/^Revoke the link/)],
	['attendance', `/admin/rooms/${live}/attendance`],
	['attendance-visits', `/admin/rooms/${live}/attendance`, click('Visits')],
	['events', `/admin/rooms/${live}/events`],
	['recordings', '/admin/recordings'],
	['recording', `/admin/recordings/${recording}`],
	['recording-make', `/admin/recordings/${recording}`, click('Make a file')],
	['recording-link', `/admin/recordings/${recording}`, click('Make a link')],
	['recording-delete', `/admin/recordings/${recording}`, click(/^Delete$/)],
	['recording-delete-file', `/admin/recordings/${recording}`, click(/^Delete Chat/)],
	['attendants', '/admin/attendants'],
	['push', '/admin/attendants', click('Push a message')],
	['pushed', '/admin/attendants', async (page) => {
		await click('Push a message')(page);
		await page.getByRole('radio', { name: 'All attendants' }).check();
		await page.getByLabel('Message', { exact: true }).fill('Lunch is ready');
		await page.getByRole('button', { name: 'Push message' }).click();
		await page.getByText(/^Delivered to/).waitFor();
	}],
	['webhooks', '/admin/webhooks'],
	['webhook', `/admin/webhooks/${String(webhook)}`],
	['webhook-add', '/admin/webhooks', async (page) => {
		await click('Add a webhook')(page);
		await page.getByRole('radio', { name: 'Only these' }).check();
		await page.getByRole('button', { name: 'Add webhook' }).click();
	}],
	['tokens', '/admin/tokens'],
	['token-make', '/admin/tokens', click('Make a token')],
	['users', '/admin/users'],
	['user-add', '/admin/users', click('Add a user')],
	['user-menu', '/admin/users', click('More for maria')],
	['user-allow', '/admin/users', pick(/^More for attendance/, 'Where from')],
	['user-disable', '/admin/users', pick(/^More for maria/, 'Disable')],
	['audit', '/admin/audit'],
	['audit-none', '/admin/audit?actor=nobody-of-that-name'],
	['unknown', '/admin/nowhere'],
];

for (const theme of ['dark', 'light'] as const) {
	for (const size of ['desktop', 'tablet', 'phone'] as const) {
		test(`the admin pages, ${size}, ${theme}`, async () => {
			const context = await browser.newContext({ viewport: sizes[size], colorScheme: theme, timezoneId: 'Europe/Berlin', locale: 'en-GB', hasTouch: size === 'phone' });
			const page = await context.newPage();
			page.setDefaultTimeout(5000);
			await page.goto(`${server.url}/admin/`);
			await page.getByRole('button', { name: 'Log in' }).waitFor();
			await page.screenshot({ path: `${out}login-${size}-${theme}.png` });
			await context.request.post(`${server.url}/api/v1/session`, { data: { username: 'admin', password: adminPassword } });
			for (const [name, path, act] of steps().filter(([name]) => wanted.test(name))) {
				await page.goto(server.url + path);
				await page.locator('.skeleton').first().waitFor({ state: 'detached' });
				await page.waitForTimeout(300);
				try {
					await act?.(page);
				} catch (error) {
					console.warn(`${name}-${size}-${theme}: ${String(error)}`);
				}
				await page.waitForTimeout(300); // dialogs have risen
				await page.screenshot({ path: `${out}${name}-${size}-${theme}.png`, fullPage: act === undefined });
			}
			await context.close();
		});
	}
}
