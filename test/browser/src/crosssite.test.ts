// Another site's page in a browser that has the user's password must not act for them.
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { adminPassword, until } from './server.ts';
import { stage } from './stage.ts';

const { server, browser } = await stage({}, ['--host-resolver-rules=MAP plenum.test 127.0.0.1']);
let evil: HttpServer;
let evilUrl: string;
beforeAll(async () => {
	evil = createServer((_, answer) => {
		answer.setHeader('Content-Type', 'text/html');
		answer.end('<!doctype html><title>evil</title><body>');
	});
	await new Promise<void>((done) => evil.listen(0, '127.0.0.1', done));
	evilUrl = `http://localhost:${String((evil.address() as AddressInfo).port)}/`;
});
afterAll(() => { evil.close(); });

/** The ways a page has to make its visitor's browser call an address. Each ends once the browser has called. */
const attacks: Readonly<Record<string, (page: Page, url: string) => Promise<unknown>>> = {
	'an image': async (page, url) => await page.evaluate(async (src) => {
		const image = new Image();
		await new Promise((done) => { image.onload = image.onerror = done; image.src = src; });
	}, url),
	'fetch without CORS': async (page, url) => await page.evaluate((to) => fetch(to, { mode: 'no-cors', credentials: 'include' }).catch(() => undefined).then(() => 0), url),
	'POST without CORS': async (page, url) => await page.evaluate((to) => fetch(to, { mode: 'no-cors', credentials: 'include', method: 'POST' }).catch(() => undefined).then(() => 0), url),
	'a frame': async (page, url) => await page.evaluate(async (src) => {
		const frame = document.createElement('iframe');
		await new Promise((done) => { frame.onload = done; frame.src = src; document.body.append(frame); });
	}, url),
	'a GET form': async (page, url) => await submit(page, url, 'GET'),
	'a POST form': async (page, url) => await submit(page, url, 'POST'),
	'a link': async (page, url) => await Promise.all([page.waitForURL((at) => at.href.startsWith(url.split('?')[0] ?? url)), page.evaluate((to) => { location.href = to; }, url)]),
	'a link without referrer': async (page, url) => await Promise.all([page.waitForURL((at) => at.href.startsWith(url.split('?')[0] ?? url)), page.evaluate((to) => {
		const link = document.createElement('a');
		link.href = to;
		link.rel = 'noreferrer';
		document.body.append(link);
		link.click();
	}, url)]),
};

/** Submits a form with the parameters of a URL; it takes the page there. */
async function submit(page: Page, url: string, method: string): Promise<void> {
	const to = new URL(url);
	await Promise.all([
		page.waitForURL((at) => at.pathname === to.pathname),
		page.evaluate(([action, fields, how]) => {
			const form = document.createElement('form');
			form.action = action;
			form.method = how;
			for (const [name, value] of fields) {
				const field = document.createElement('input');
				field.name = name;
				field.value = value;
				form.append(field);
			}
			document.body.append(form);
			form.submit();
		}, [to.origin + to.pathname, [...to.searchParams], method] as const),
	]);
}

/** The answers the server's log has for the acting routes. */
function answers(): { path: string; status: number }[] {
	return server.log().split('\n').flatMap((line) => {
		const got = /msg=request method=(?:GET|POST) path=(\/(?:reserve_room|notify_ws)\/\S*) status=(\d+)/.exec(line.replaceAll('"', ''));
		return got === null ? [] : [{ path: got[1] ?? '', status: Number(got[2]) }];
	});
}

async function rooms(): Promise<number> {
	const list = (await (await server.get('/api/v1/rooms?limit=500')).json()) as { rooms: unknown[] };
	return list.rooms.length;
}

describe.each([
	// Browsers say which site a request comes from to 127.0.0.1, and to no other address without TLS.
	['127.0.0.1', (url: string) => url],
	['a name, on plain HTTP', (url: string) => url.replace('127.0.0.1', 'plenum.test')],
])('at %s', (_, at) => {
	test('pages of another site can neither reserve nor push with the visitor\u2019s cached password', async () => {
		const base = at(server.url);
		const context = await browser.newContext({ httpCredentials: { username: 'admin', password: adminPassword } });
		const own = await context.newPage();
		expect((await own.goto(`${base}/online_attendants/`))?.status()).toBe(200); // from now on the browser has the password
		await own.evaluate(() => {
			const w = window as unknown as { pushed: string[] };
			w.pushed = [];
			const socket = new WebSocket(`ws://${location.host}/attendance/?my_id=victim`);
			socket.onmessage = (event: MessageEvent<string>) => w.pushed.push(event.data);
		});
		const channel = await until('the attendant', async () => {
			const all = (await (await server.get('/api/v1/attendants')).json()) as { attendants: { channel_name: string }[] };
			return all.attendants[0]?.channel_name;
		});
		const notify = `${base}/notify_ws/${encodeURIComponent(channel)}/?info=evil`;
		const reserve = `${base}/reserve_room/?duration=5&description=evil`;
		const [roomsBefore, answersBefore] = [await rooms(), answers().length];

		let tries = 0;
		for (const [name, attack] of Object.entries(attacks)) {
			for (const url of [reserve, notify]) {
				const page = await context.newPage();
				await page.goto(evilUrl);
				await attack(page, url);
				tries++;
				await until(`the log of ${name}`, () => answers().length >= answersBefore + tries);
				await page.close();
			}
		}
		const got = answers().slice(answersBefore);
		expect(got.map(({ status }) => status)).toEqual(got.map(() => 403));
		expect(await rooms()).toBe(roomsBefore);

		// Its own page may: the password is there, the routes work and the attendant listens.
		const ok = await own.evaluate(async (urls) => await Promise.all(urls.map(async (url) => (await fetch(url, { method: 'POST' })).status)), [reserve, notify.replace('evil', 'mine')]);
		expect(ok).toEqual([200, 200]);
		await until('the push', async () => await own.evaluate(() => (window as unknown as { pushed: string[] }).pushed.length > 0));
		expect(await own.evaluate(() => (window as unknown as { pushed: string[] }).pushed)).toEqual(['mine']);
		expect(await rooms()).toBe(roomsBefore + 1);
		await context.close();
	});
});
