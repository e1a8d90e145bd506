import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { join, launch, open } from './chromium.ts';
import { joinLate } from './late.ts';
import { startServer, type Server } from './server.ts';

let server: Server;
let browser: Browser;
beforeAll(async () => {
	[server, browser] = await Promise.all([startServer(), launch()]);
});
afterAll(async () => {
	await browser.close();
	await server.stop();
});

test('who comes late sees who is there', async () => {
	const room = await server.reserve();
	const bo = await open(browser, server.url + room.meeting_url);
	await join(bo.page, 'Bo');
	for (let n = 1; n <= 3; n++) {
		const steps = await joinLate(browser, server.url + room.meeting_url, `Late ${String(n)}`);
		// How long is measured by `npm run late`; here only that everything came, in order.
		expect(steps.answer).toBeGreaterThan(0);
		expect(steps.connected).toBeGreaterThan(steps.answer);
		expect(steps.frame).toBeGreaterThan(steps.connected);
	}
	expect(bo.problems).toEqual([]);
	await bo.context.close();
});
