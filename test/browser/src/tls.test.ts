import { describe, expect, test } from 'vitest';
import { join, open, received, tile } from './chromium.ts';
import { adminPassword, until } from './server.ts';
import { stage } from './stage.ts';

// Nobody vouches for the server's certificate; this process asks it all the same.
process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';

const { server, browser } = await stage({ https: true }, ['--ignore-certificate-errors']);

describe('a server with its own HTTPS', () => {
	test('two meet over https and wss', async () => {
		const room = await server.reserve();
		const ann = await open(browser, server.url + room.host_url);
		const bo = await open(browser, server.url + room.meeting_url);
		const sockets: string[] = [];
		bo.page.on('websocket', (s) => sockets.push(s.url()));
		await join(ann.page, 'Ann');
		await join(bo.page, 'Bo');
		await tile(ann.page, 'Bo').and(ann.page.locator('[data-state=picture]')).waitFor();
		await until('Bo to see and hear', async () => {
			const r = await received(bo.page);
			return r.frames > 0 && r.energy > 0;
		});
		const host = server.url.replace('https://', '');
		expect(sockets.length).toBeGreaterThan(0);
		for (const url of sockets) expect(url).toMatch(new RegExp(`^wss://${host}/`));
		expect(await bo.page.evaluate(() => window.isSecureContext)).toBe(true);
		const loaded = await bo.page.evaluate(() => (performance.getEntriesByType('navigation')[0] as PerformanceNavigationTiming).nextHopProtocol);
		expect(loaded).toBe('h2');
		for (const p of [ann, bo]) expect(p.problems).toEqual([]);
		await Promise.all([ann, bo].map(async (p) => p.context.close()));
	});

	test('logging in leaves a cookie for HTTPS only', async () => {
		const context = await browser.newContext();
		const page = await context.newPage();
		await page.goto(`${server.url}/admin/`);
		await page.getByLabel('User').fill('admin');
		await page.getByLabel('Password').fill(adminPassword);
		await page.getByRole('button', { name: 'Log in' }).click();
		const cookie = await until('the cookie', async () => (await context.cookies()).find((c) => c.name === 'plenum_session'));
		expect(cookie).toMatchObject({ secure: true, httpOnly: true, sameSite: 'Strict' });
		await context.close();
	});
});
