// Which ways lead to the server: UDP, TCP, and the built-in relay over UDP, TCP
// and TLS, each tried by a real browser that is allowed no other.
import { describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { join, open, received, tile } from './chromium.ts';
import { until } from './server.ts';
import { stage } from './stage.ts';

const { server, browser } = await stage({ args: ['--turn-udp', '127.0.0.1:0', '--turn-tcp', '127.0.0.1:0'] });

describe('the ways to the server', () => {
	/** Makes every connection of a page keep to one kind of relay, or to TCP. */
	async function only(page: Page, way: 'relay over udp' | 'relay over tcp' | 'tcp'): Promise<void> {
		await page.addInitScript((kept) => {
			const Original = window.RTCPeerConnection;
			window.RTCPeerConnection = class extends Original {
				constructor(config: RTCConfiguration = {}) {
					if (!kept.startsWith('relay')) {
						super(config);
						return;
					}
					const iceServers = (config.iceServers ?? []).filter(({ urls }) => String(urls).endsWith(kept.slice(-3)));
					super({ ...config, iceServers, iceTransportPolicy: 'relay' });
				}
				override async setRemoteDescription(d: RTCSessionDescriptionInit): Promise<void> {
					const sdp = kept === 'tcp' ? (d.sdp ?? '').split('\r\n').filter((line) => !/^a=candidate:\S+ \d udp /i.test(line)).join('\r\n') : (d.sdp ?? '');
					await super.setRemoteDescription({ ...d, sdp });
				}
			};
		}, way);
	}

	test.each(['relay over udp', 'relay over tcp', 'tcp'] as const)('two meet by %s alone', async (way) => {
		const room = await server.reserve();
		const bo = await open(browser, server.url + room.meeting_url);
		await join(bo.page, 'Bo');
		const ann = await open(browser, 'about:blank');
		await only(ann.page, way);
		await ann.page.goto(server.url + room.meeting_url);
		await join(ann.page, 'Ann');
		for (const [page, name] of [[ann.page, 'Bo'], [bo.page, 'Ann']] as const) {
			await tile(page, name).and(page.locator('[data-state=picture]')).waitFor();
			await until('sound and picture', async () => {
				const r = await received(page);
				return r.frames > 20 && r.energy > 0;
			});
		}
		const pairs = await ann.page.evaluate(async () => {
			const out: { type: unknown; protocol: unknown; relay: unknown }[] = [];
			for (const pc of (window as unknown as { plenumPeers: RTCPeerConnection[] }).plenumPeers) {
				const stats = new Map<string, Record<string, unknown>>();
				(await pc.getStats()).forEach((one: Record<string, unknown>, id: string) => { stats.set(id, one); });
				for (const s of stats.values()) {
					if (s['type'] !== 'candidate-pair' || s['nominated'] !== true) continue;
					const local = stats.get(String(s['localCandidateId']));
					out.push({ type: local?.['candidateType'], protocol: local?.['protocol'], relay: local?.['relayProtocol'] });
				}
			}
			return out;
		});
		expect(pairs.at(-1)).toMatchObject(way === 'tcp' ? { protocol: 'tcp' } : { type: 'relay', relay: way.slice(-3) });
		if (way !== 'tcp') expect(await (await server.get('/metrics')).text()).toMatch(/^plenum_turn_allocations [1-9]/m);
		await Promise.all([ann, bo].map(async (p) => p.context.close()));
	});
});
