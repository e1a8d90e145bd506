// How long a newcomer to a running meeting waits for the first picture: 50
// joins, one after the other, on the loopback. `npm run late` prints the steps;
// it asserts no times. PLENUM_LATE_JOINS for another number,
// PLENUM_LATE_CAMERAS for more than one picture.
import { loadavg } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { join, launch, open } from '../src/chromium.ts';
import { joinLate, type Steps } from '../src/late.ts';
import { startServer, type Server } from '../src/server.ts';

const joins = Number(process.env['PLENUM_LATE_JOINS'] ?? '50');
const cameras = Number(process.env['PLENUM_LATE_CAMERAS'] ?? '1');

let server: Server;
let there: Browser;
let late: Browser;
beforeAll(async () => {
	[server, there, late] = await Promise.all([startServer(), launch(), launch()]);
});
afterAll(async () => {
	await Promise.all([there.close(), late.close()]);
	await server.stop();
});

test('late joiners', async () => {
	const room = await server.reserve();
	const url = server.url + room.meeting_url;
	for (let n = 0; n < cameras; n++) {
		const one = await open(there, url);
		await join(one.page, `Bo ${String(n)}`);
	}
	await joinLate(late, url, 'First'); // the browser's own start is none of this
	const all: Steps[] = [];
	for (let n = 0; n < joins; n++) all.push(await joinLate(late, url, `Late ${String(n)}`));
	console.log(['from the click to', 'p50', 'p95', 'most'].join('\t'));
	for (const step of ['offer', 'socket', 'answer', 'ice', 'connected', 'frame'] as const) {
		const sorted = all.map((one) => one[step]).filter((ms) => !Number.isNaN(ms)).sort((a, b) => a - b);
		const at = (share: number) => `${(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN).toFixed(0)} ms`;
		console.log([step.padEnd(16), at(0.5), at(0.95), at(1)].join('\t'));
	}
	console.log(`${String(joins)} joins, load average ${(loadavg()[0] ?? 0).toFixed(1)}`);
	expect(all.length).toBe(joins);
});
