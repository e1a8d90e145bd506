// How much of the main thread 25 moving tiles take, and whether joins and
// leaves of others leave anything behind: npm run bench. It builds the dev
// harness as a browser would get it and prints a table; it asserts nothing.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'vitest';
import { launch } from '../src/chromium.ts';
import { until } from '../src/server.ts';

const page = fileURLToPath(new URL('../../../static/', import.meta.url));
test('25 tiles, and others who come and go', async () => {
	const out = mkdtempSync(join(tmpdir(), 'plenum-bench-'));
	const port = 5199;
	const vite = join(page, 'node_modules/vite/bin/vite.js');
	execFileSync(process.execPath, [vite, 'build', '--outDir', out, '--emptyOutDir', '--config', join(page, 'dev/vite.bench.config.ts')], { cwd: page, stdio: 'ignore' });
	const server = spawn(process.execPath, [vite, 'preview', '--outDir', out, '--port', String(port), '--strictPort', '--config', join(page, 'dev/vite.bench.config.ts')], { cwd: page, stdio: 'ignore' });
	const browser = await launch(['--js-flags=--expose-gc', '--enable-precise-memory-info']);
	try {
		const url = `http://127.0.0.1:${String(port)}/static/dev/index.html`;
		await until('the harness to answer', async () => fetch(url).then((answer) => answer.ok, () => false));
		const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, permissions: ['camera'] });
		const tab = await context.newPage();
		await tab.goto(`${url}?scene=bench`);
		await tab.locator('article[data-state=picture]').nth(23).waitFor();
		await tab.waitForTimeout(3000);

		// How late a task runs that asked to run at once: that long the main thread was busy.
		const late = await tab.evaluate(async (ms) => {
			const waits: number[] = [];
			const channel = new MessageChannel();
			let asked = 0;
			const end = performance.now() + ms;
			await new Promise<void>((done) => {
				channel.port1.onmessage = () => {
					waits.push(performance.now() - asked);
					if (performance.now() > end) done();
					else setTimeout(() => { asked = performance.now(); channel.port2.postMessage(0); }, 4);
				};
				asked = performance.now();
				channel.port2.postMessage(0);
			});
			return waits.sort((a, b) => a - b);
		}, 15_000);
		const at = (share: number) => (late[Math.floor((late.length - 1) * share)] ?? NaN).toFixed(1);
		const frames = await tab.evaluate(() => [...document.querySelectorAll('video')].map((video) => video.getVideoPlaybackQuality().totalVideoFrames));

		const session = await context.newCDPSession(tab);
		const heap = async () => {
			for (let i = 0; i < 3; i++) await session.send('HeapProfiler.collectGarbage');
			const { usedSize } = (await session.send('Runtime.getHeapUsage')) as { usedSize: number };
			const { nodes, jsEventListeners } = await session.send('Memory.getDOMCounters');
			return { megabytes: usedSize / 1_000_000, nodes, listeners: jsEventListeners };
		};
		const churn = async (times: number) => tab.evaluate(async (count) => {
			const bench = (window as unknown as { plenumBench: { come: () => void; leave: () => void } }).plenumBench;
			const painted = async () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
			for (let i = 0; i < count; i++) {
				bench.come();
				await painted();
				bench.leave();
				await painted();
			}
		}, times);
		await churn(20); // what is made once is made
		await tab.waitForTimeout(6000); // notices are gone
		const before = await heap();
		await churn(200);
		await tab.waitForTimeout(6000);
		const after = await heap();

		console.log(`25 tiles, 15 s: main thread busy p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`);
		console.log(`frames shown: ${String(Math.min(...frames))} to ${String(Math.max(...frames))} per tile`);
		console.log(`200 joins and leaves: heap ${before.megabytes.toFixed(2)} to ${after.megabytes.toFixed(2)} MB (${((after.megabytes / before.megabytes - 1) * 100).toFixed(1)} %), nodes ${String(before.nodes)} to ${String(after.nodes)}, listeners ${String(before.listeners)} to ${String(after.listeners)}`);
	} finally {
		await browser.close();
		server.kill();
		rmSync(out, { recursive: true, force: true });
	}
}, 300_000);
