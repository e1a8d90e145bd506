// What most test files stand on: a server of their own, and a Chromium.
import { afterAll } from 'vitest';
import type { Browser } from 'playwright-core';
import { launch } from './chromium.ts';
import { startServer, type Options, type Server } from './server.ts';

/** Starts a server and a browser, and ends both after the file's last test. To be awaited at the top of the file. */
export async function stage(options: Options = {}, flags: readonly string[] = []): Promise<Readonly<{ server: Server; browser: Browser }>> {
	const [server, browser] = await Promise.all([startServer(options), launch([...flags])]);
	afterAll(async () => {
		await browser.close();
		await server.stop();
	});
	return { server, browser };
}
