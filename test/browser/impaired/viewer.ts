// One participant's page in Chromium or Firefox, at one end of the impaired link.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import puppeteer from 'puppeteer-core';
import { launch } from '../src/chromium.ts';
import { until } from '../src/server.ts';

/** Which browser. */
export type Kind = 'chromium' | 'firefox';

/** What the rig does with a page; Playwright's and Puppeteer's have it both. */
export type Page = {
	evaluate<R>(run: () => R | Promise<R>): Promise<R>;
	evaluate<A, R>(run: (argument: A) => R | Promise<R>, argument: A): Promise<R>;
	goto(url: string): Promise<unknown>;
	close(): Promise<void>;
};

/** A browser that opens pages which forget each other. It must be closed. */
export type Rig = Readonly<{ page: (camera: boolean) => Promise<Page>; close: () => Promise<void> }>;

/** A picture of 640x360 at the 20 frames per second of Chromium's fake camera. */
const preferences = (camera: boolean) => JSON.stringify({ cameraOn: camera, microphoneOn: camera, cameraHeight: 360, cameraRate: 24 });

/** Starts a browser in a namespace, or in this one. */
export async function start(kind: Kind, namespace?: string): Promise<Rig> {
	const binary = wrapped(kind === 'chromium' ? '/usr/bin/chromium' : '/usr/bin/firefox-esr', namespace);
	if (kind === 'chromium') {
		const browser = await launch(['--ignore-certificate-errors'], binary);
		return {
			page: async (camera) => {
				const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, permissions: ['camera', 'microphone'], ignoreHTTPSErrors: true });
				const page = await context.newPage();
				await page.addInitScript(watch, preferences(camera));
				return { evaluate: page.evaluate.bind(page) as Page['evaluate'], goto: async (url) => await page.goto(url), close: async () => { await context.close(); } };
			},
			close: async () => { await browser.close(); },
		};
	}
	const browser = await puppeteer.launch({
		browser: 'firefox', executablePath: binary, headless: true, acceptInsecureCerts: true,
		extraPrefsFirefox: {
			'media.navigator.streams.fake': true, 'media.navigator.permission.disabled': true, 'media.autoplay.default': 0,
			'media.peerconnection.ice.obfuscate_host_addresses': false, 'network.captive-portal-service.enabled': false,
			// It paints by software, and two processors run everything: no more often than the camera, on a small page.
			'layout.frame_rate': 24, 'toolkit.cosmeticAnimations.enabled': false, 'ui.prefersReducedMotion': 1,
		},
	});
	return {
		page: async (camera) => {
			const context = await browser.createBrowserContext();
			const page = await context.newPage();
			await page.setViewport({ width: 640, height: 400 });
			await page.evaluateOnNewDocument(watch, preferences(camera));
			return { evaluate: page.evaluate.bind(page) as Page['evaluate'], goto: async (url) => await page.goto(url), close: async () => { await context.close(); } };
		},
		close: async () => { await browser.close(); },
	};
}

/** A script that runs a program inside a namespace, as browser launchers want one file. */
function wrapped(program: string, namespace?: string): string {
	if (namespace === undefined) return program;
	const file = path(mkdtempSync(path(tmpdir(), 'plenum-far-')), 'browser');
	writeFileSync(file, `#!/bin/sh\nexec ip netns exec ${namespace} ${program} "$@"\n`);
	chmodSync(file, 0o755);
	return file;
}

/** Changes what the link does: "both delay=10ms", "ab loss=5". */
export function impair(command: string): string {
	const { PLENUM_TEST_BADLINK: tool = '', PLENUM_TEST_CONTROL: control = '' } = process.env;
	return execFileSync(tool, ['-control', control, ...command.split(' ')]).toString();
}

/** Runs in each page before its scripts: keeps its connections and the time of every frame it shows. */
function watch(preferences: string): void {
	const w = window as unknown as { plenumPeers: RTCPeerConnection[]; plenumFrames: number[]; plenumEvents: Happening[] };
	w.plenumPeers = [];
	w.plenumFrames = [];
	w.plenumEvents = [];
	const note = (what: string) => w.plenumEvents.push({ at: Date.now(), what });
	try {
		localStorage.setItem('plenum.preferences', preferences);
	} catch {
		return; // about:blank has none
	}
	const Original = window.RTCPeerConnection;
	window.RTCPeerConnection = class extends Original {
		constructor(config?: RTCConfiguration) {
			super(config);
			w.plenumPeers.push(this);
			this.addEventListener('iceconnectionstatechange', () => note(`ice ${this.iceConnectionState}`));
			this.addEventListener('connectionstatechange', () => note(`connection ${this.connectionState}`));
			this.addEventListener('icecandidate', ({ candidate }) => note(`candidate ${candidate === null ? 'end' : `${candidate.protocol ?? ''} ${candidate.type ?? ''} ${candidate.address ?? ''}`}`));
			let path = '';
			setInterval(() => {
				const pair = this.getSenders()[0]?.transport?.iceTransport.getSelectedCandidatePair?.();
				const now = pair === null || pair === undefined ? 'none' : `${pair.local?.address ?? ''} ${pair.local?.protocol ?? ''} to ${pair.remote?.address ?? ''}`;
				if (now !== path) note(`path ${now}`);
				path = now;
			}, 50);
		}
		override async setLocalDescription(d?: RTCLocalSessionDescriptionInit): Promise<void> {
			note('offer');
			await super.setLocalDescription(d);
		}
		override async setRemoteDescription(d: RTCSessionDescriptionInit): Promise<void> {
			note('answer');
			await super.setRemoteDescription(d);
		}
	};
	const Socket = window.WebSocket;
	window.WebSocket = class extends Socket {
		constructor(url: string | URL, protocols?: string | string[]) {
			super(url, protocols);
			note('socket connecting');
			this.addEventListener('open', () => note('socket open'));
			this.addEventListener('close', ({ code }) => note(`socket closed ${String(code)}`));
		}
	};
	for (const name of ['online', 'offline']) window.addEventListener(name, () => note(name));
	(navigator as { connection?: EventTarget }).connection?.addEventListener('change', () => note('network changed'));
	const known = new WeakSet<HTMLVideoElement>();
	const follow = (video: HTMLVideoElement): void => {
		video.requestVideoFrameCallback(() => {
			if (video.closest('[data-state=picture]') !== null) w.plenumFrames.push(Date.now());
			follow(video);
		});
	};
	setInterval(() => {
		for (const video of document.querySelectorAll('video')) {
			const live = video.srcObject instanceof MediaStream && video.srcObject.getVideoTracks()[0];
			if (known.has(video) || live === undefined || live === false || live.label.includes('fake')) continue;
			known.add(video);
			follow(video);
		}
	}, 20);
}

/** Something that happened to a page's connections. */
export type Happening = Readonly<{ at: number; what: string }>;

/** What happened to a page's connections since it was opened. */
export async function happenings(page: Page): Promise<Happening[]> {
	return await page.evaluate(() => (window as unknown as { plenumEvents: Happening[] }).plenumEvents);
}

/** What a page has received and shown so far. */
export type Sample = Readonly<{
	at: number; frames: number; freezes: number; frozen: number; bytes: number; concealed: number; heard: number;
	lost: number; packets: number; repaired: number; nacks: number; plis: number; height: number; protocol: string; candidate: string; state: string;
}>;

/** Reads a page's counters. */
export async function sample(page: Page): Promise<Sample> {
	return await page.evaluate(async () => {
		const sum = {
			at: Date.now(), frames: 0, freezes: 0, frozen: 0, bytes: 0, concealed: 0, heard: 0,
			lost: 0, packets: 0, repaired: 0, nacks: 0, plis: 0, height: 0, protocol: '', candidate: '', state: '',
		};
		for (const pc of (window as unknown as { plenumPeers: RTCPeerConnection[] }).plenumPeers) {
			if (pc.connectionState === 'closed') continue;
			sum.state = pc.connectionState;
			const stats = new Map<string, Record<string, unknown>>();
			(await pc.getStats()).forEach((one: Record<string, unknown>, id: string) => { stats.set(id, one); });
			const number = (value: unknown) => (typeof value === 'number' ? value : 0);
			for (const s of stats.values()) {
				if (s['type'] === 'candidate-pair' && s['nominated'] === true && (s['selected'] !== false)) {
					const local = stats.get(String(s['localCandidateId']));
					sum.protocol = String(local?.['protocol'] ?? '');
					sum.candidate = String(local?.['candidateType'] ?? '');
				}
				if (s['type'] !== 'inbound-rtp') continue;
				sum.bytes += number(s['bytesReceived']);
				sum.lost += number(s['packetsLost']);
				sum.packets += number(s['packetsReceived']);
				if (s['kind'] === 'video') {
					sum.height = Math.max(sum.height, number(s['frameHeight']));
					sum.frames += number(s['framesDecoded']);
					sum.freezes += number(s['freezeCount']);
					sum.frozen += number(s['totalFreezesDuration']);
					sum.repaired += number(s['retransmittedPacketsReceived']);
					sum.nacks += number(s['nackCount']);
					sum.plis += number(s['pliCount']);
				} else {
					sum.concealed += number(s['concealedSamples']) - number(s['silentConcealedSamples']);
					sum.heard += number(s['totalSamplesReceived']);
				}
			}
		}
		return sum;
	});
}

/** What a publisher's browser says it sends: one line per encoding, and one of the path. */
export async function sending(page: Page): Promise<string> {
	return await page.evaluate(async () => {
		const number = (v: unknown) => (typeof v === 'number' ? v : 0);
		const out: string[] = [];
		for (const pc of (window as unknown as { plenumPeers: RTCPeerConnection[] }).plenumPeers) {
			for (const s of (await pc.getStats()).values() as Iterable<Record<string, unknown>>) {
				if (s['type'] === 'outbound-rtp' && number(s['packetsSent']) > 0) {
					out.push(`${String(s['rid'] ?? s['kind'])} ${String(s['active'])} target ${(number(s['targetBitrate']) / 1000).toFixed(0)}k frames ${String(s['framesEncoded'] ?? '')} key ${String(s['keyFramesEncoded'] ?? '')} `
						+ `${String(s['frameHeight'] ?? '')}p packets ${String(s['packetsSent'])} again ${String(s['retransmittedPacketsSent'])} nacks ${String(s['nackCount'])} plis ${String(s['pliCount'] ?? '')} limit ${String(s['qualityLimitationReason'] ?? '')}`);
				} else if (s['type'] === 'remote-inbound-rtp') {
					out.push(`report ${String(s['kind'])} ${String(s['ssrc'])} rtt ${number(s['roundTripTime']).toFixed(3)} lost ${String(s['packetsLost'])} ${number(s['fractionLost']).toFixed(2)}`);
				} else if (s['type'] === 'candidate-pair' && s['nominated'] === true && number(s['availableOutgoingBitrate']) > 0) {
					out.push(`path ${(number(s['availableOutgoingBitrate']) / 1000).toFixed(0)}k rtt ${number(s['currentRoundTripTime']).toFixed(3)}`);
				}
			}
		}
		return out.join('\n');
	});
}

/** When the page showed a frame of somebody else, since it was opened. */
export async function framesOf(page: Page): Promise<number[]> {
	return await page.evaluate(() => (window as unknown as { plenumFrames: number[] }).plenumFrames);
}

/** Opens a meeting and joins it. Resolves with the time of the click. */
export async function enter(page: Page, url: string, name: string): Promise<number> {
	await page.goto(url);
	const clicked = await until(`${name}'s Join button`, async () => await page.evaluate((who) => {
		const input = [...document.querySelectorAll('input')].find((one) => one.type === 'text');
		const button = [...document.querySelectorAll('button')].find((one) => (one.getAttribute('aria-label') ?? one.textContent).trim() === 'Join meeting');
		if (input === undefined || button === undefined) return undefined;
		if (input.value !== who) {
			Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(input, who);
			input.dispatchEvent(new Event('input', { bubbles: true }));
			return undefined; // the button wakes up with the name
		}
		if (button.disabled) return undefined;
		button.click();
		return Date.now();
	}, name));
	await until(`${name} to be inside`, async () => await page.evaluate(() =>
		[...document.querySelectorAll('button')].some((one) => (one.getAttribute('aria-label') ?? one.textContent).trim() === 'Leave meeting')));
	return clicked;
}
