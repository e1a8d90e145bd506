// What Chromium sees when the way to it narrows and widens again. Run by
// `npm run narrow`: the server and a publisher are in one namespace, the
// subscriber in another behind a link that `tc` shapes. It prints figures;
// times are not asserted.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { connect, createServer, type Server as Listener } from 'node:net';
import { chmodSync, writeFileSync } from 'node:fs';
import { join as path } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { join, launch, open, tile } from '../src/chromium.ts';
import { startServer, until, type Server } from '../src/server.ts';

const far = process.env['PLENUM_TEST_FAR'] ?? '';
const device = process.env['PLENUM_TEST_LINK'] ?? '';
const media = process.env['PLENUM_TEST_MEDIA'] ?? '';

let server: Server;
let near: Browser;
let distant: Browser;
let bridge: Listener;
let forwarder: ChildProcess;
beforeAll(async () => {
	server = await startServer({ media });
	// Pages get cameras on loopback only, so the far end has the server's HTTP
	// port on its own loopback, through a socket file that both ends see.
	const port = new URL(server.url).port;
	const file = path(server.data, 'far.sock');
	bridge = createServer((from) => {
		const to = connect(Number(port), '127.0.0.1');
		from.pipe(to).pipe(from);
		from.on('error', () => to.destroy());
		to.on('error', () => from.destroy());
	}).listen(file);
	const forward = `const net = require('node:net');
		net.createServer((a) => { const b = net.connect(${JSON.stringify(file)}); a.pipe(b).pipe(a);
			a.on('error', () => b.destroy()); b.on('error', () => a.destroy()); }).listen(${port}, '127.0.0.1');`;
	forwarder = spawn('ip', ['netns', 'exec', far, process.execPath, '-e', forward], { stdio: 'inherit' });
	const wrapper = path(server.data, 'far-chromium');
	writeFileSync(wrapper, `#!/bin/sh\nexec ip netns exec ${far} /usr/bin/chromium "$@"\n`);
	chmodSync(wrapper, 0o755);
	[near, distant] = await Promise.all([launch(), launch([], wrapper)]);
});
afterAll(async () => {
	await Promise.all([near.close(), distant.close()]);
	forwarder.kill();
	bridge.close();
	await server.stop();
});

/** Lets the link carry only so much, with a queue of 300 ms; undefined for anything. */
function shape(rate?: string): void {
	if (rate === undefined) execFileSync('tc', ['qdisc', 'del', 'dev', device, 'root']);
	else execFileSync('tc', ['qdisc', 'add', 'dev', device, 'root', 'tbf', 'rate', rate, 'burst', '4k', 'latency', '300ms']);
}

type Sample = {
	height: number; frames: number; freezes: number; frozen: number; bytes: number;
	lost: number; concealed: number; heard: number; waited: number; emitted: number;
};

async function sample(page: Page): Promise<Sample> {
	return await page.evaluate(async () => {
		const sum = { height: 0, frames: 0, freezes: 0, frozen: 0, bytes: 0, lost: 0, concealed: 0, heard: 0, waited: 0, emitted: 0 };
		for (const pc of (window as unknown as { plenumPeers: RTCPeerConnection[] }).plenumPeers) {
			for (const s of (await pc.getStats()).values() as Iterable<RTCInboundRtpStreamStats & Record<string, number>>) {
				if (s.type !== 'inbound-rtp') continue;
				sum.bytes += s.bytesReceived ?? 0;
				sum.lost += s.packetsLost ?? 0;
				if (s.kind === 'video') {
					sum.height = Math.max(sum.height, s.frameHeight ?? 0);
					sum.frames += s.framesDecoded ?? 0;
					sum.freezes += s['freezeCount'] ?? 0;
					sum.frozen += s['totalFreezesDuration'] ?? 0;
					sum.waited += s.jitterBufferDelay ?? 0;
					sum.emitted += s.jitterBufferEmittedCount ?? 0;
				} else {
					sum.concealed += s.concealedSamples ?? 0;
					sum.heard += s.totalSamplesReceived ?? 0;
				}
			}
		}
		return sum;
	});
}

test('the picture follows the link', async () => {
	const room = await server.reserve();
	const bo = await open(near, server.url + room.meeting_url);
	const ann = await open(distant, server.url + room.meeting_url);
	await join(bo.page, 'Bo');
	await join(ann.page, 'Ann');
	await ann.page.getByRole('button', { name: /camera/i }).first().click();
	await tile(ann.page, 'Bo').and(ann.page.locator('[data-state=picture]')).waitFor();
	await until('frames', async () => (await sample(ann.page)).frames > 0);
	const rows: string[] = [];
	let last = await sample(ann.page);
	for (const [rate, seconds] of [[undefined, 15], ['300kbit', 25], [undefined, 25]] as const) {
		if (rate !== undefined || rows.length > 0) shape(rate);
		for (let second = 1; second <= seconds; second++) {
			await new Promise((r) => setTimeout(r, 1000));
			const now = await sample(ann.page);
			const d = (k: keyof Sample) => now[k] - last[k];
			rows.push([rate ?? 'open', second, `${String(now.height)}p`, `${String(d('frames'))} fps`, `${String(Math.round(d('bytes') * 8 / 1000))} kbit/s`,
				`lost ${String(d('lost'))}`, `frozen ${d('frozen').toFixed(2)} s`, `concealed ${(100 * d('concealed') / Math.max(1, d('heard'))).toFixed(1)} %`,
				`buffered ${(1000 * d('waited') / Math.max(1, d('emitted'))).toFixed(0)} ms`].join('\t'));
			last = now;
		}
	}
	console.log(rows.join('\n'));
	expect(last.frames).toBeGreaterThan(0);
	await Promise.all([ann.context.close(), bo.context.close()]);
});
