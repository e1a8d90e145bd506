// Drives Debian's Chromium as a participant would: by the names on the buttons.
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

const flags = [
	'--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
	'--disable-component-update', '--disable-sync', '--use-fake-device-for-media-stream=fps=20',
	'--use-fake-ui-for-media-stream', '--autoplay-policy=no-user-gesture-required',
	'--allow-loopback-in-peer-connection', '--disable-renderer-backgrounding', '--disable-background-timer-throttling',
	'--disable-backgrounding-occluded-windows', '--auto-select-desktop-capture-source=Entire screen',
];

/** Launches a Chromium, with further flags if given. It must be closed. */
export async function launch(further: readonly string[] = [], executablePath = '/usr/bin/chromium'): Promise<Browser> {
	return await chromium.launch({ executablePath, headless: true, args: [...flags, ...further] });
}

/** How a participant's page is set up. */
export type Setup = Readonly<{
	/** A CSS colour for the camera, and a tone for the microphone; Chromium's test pattern without. */
	colour?: string;
	phone?: boolean;
}>;

/** What the counting script in each page gathers. */
export type Counts = { sdp: number; peers: number };

/** Opens a meeting page without joining yet. Page errors and CSP reports fail the test that reads `problems`. */
export async function open(browser: Browser, url: string, setup: Setup = {}): Promise<{ page: Page; context: BrowserContext; problems: string[] }> {
	const context = await browser.newContext({
		viewport: setup.phone === true ? { width: 390, height: 844 } : { width: 1280, height: 720 },
		permissions: ['camera', 'microphone'],
	});
	const page = await context.newPage();
	const problems: string[] = [];
	page.on('pageerror', (e) => problems.push(`page error: ${e.message}`));
	page.on('console', (m) => {
		if (m.type() === 'error' && /Content Security Policy|Uncaught/.test(m.text())) problems.push(m.text());
	});
	await instrument(page);
	if (setup.colour !== undefined) await page.addInitScript(colouredDevices, setup.colour);
	await page.goto(url);
	return { page, context, problems };
}

/** Types a name and presses Join; resolves when the meeting's bar is there. */
export async function join(page: Page, name: string): Promise<void> {
	await page.getByRole('textbox', { name: 'Your name' }).fill(name);
	await page.getByRole('button', { name: 'Join meeting' }).click();
	await page.getByRole('button', { name: 'Leave meeting' }).waitFor();
}

/** Lets a test count a page's descriptions, read its connections and break its sockets. */
export async function instrument(page: Page): Promise<void> {
	await page.addInitScript(countDescriptions);
	await page.addInitScript(keepSockets);
}

/** Counts every description this page sets, so that a test can assert that none was. */
function countDescriptions(): void {
	const counts = { sdp: 0, peers: 0 };
	const w = window as unknown as { plenumCounts: typeof counts; plenumPeers: RTCPeerConnection[] };
	w.plenumCounts = counts;
	w.plenumPeers = [];
	const Original = window.RTCPeerConnection;
	window.RTCPeerConnection = class extends Original {
		constructor(config?: RTCConfiguration) {
			super(config);
			counts.peers++;
			w.plenumPeers.push(this);
		}
		override async setLocalDescription(d?: RTCLocalSessionDescriptionInit): Promise<void> {
			counts.sdp++;
			await super.setLocalDescription(d);
		}
		override async setRemoteDescription(d: RTCSessionDescriptionInit): Promise<void> {
			counts.sdp++;
			await super.setRemoteDescription(d);
		}
	};
}

/** Keeps the page's WebSockets, so that a test can break them: going offline does not close open ones. */
function keepSockets(): void {
	const w = window as unknown as { plenumSockets: WebSocket[] };
	w.plenumSockets = [];
	const Original = window.WebSocket;
	window.WebSocket = class extends Original {
		constructor(url: string | URL, protocols?: string | string[]) {
			super(url, protocols);
			w.plenumSockets.push(this);
		}
	};
}

/** Cuts a page off from the server: its sockets break and no new one opens. */
export async function cutOff(context: BrowserContext, page: Page): Promise<void> {
	await page.evaluate(() => {
		for (const s of (window as unknown as { plenumSockets: WebSocket[] }).plenumSockets) s.close();
	});
	await context.setOffline(true); // before the page's first attempt to come back
}

/** Replaces camera and microphone by a canvas of one colour, in motion, and a tone. */
function colouredDevices(colour: string): void {
	const make = (constraints: MediaStreamConstraints = {}): MediaStream => {
		const stream = new MediaStream();
		if (constraints.video !== undefined && constraints.video !== false) {
			const canvas = document.createElement('canvas');
			canvas.width = 640;
			canvas.height = 360;
			const g = canvas.getContext('2d');
			let n = 0;
			const paint = () => {
				if (g === null) return;
				g.fillStyle = colour;
				g.fillRect(0, 0, canvas.width, canvas.height);
				g.fillStyle = 'white';
				g.fillRect((n++ * 7) % 600, 340, 20, 12); // motion at the edge, so that frames differ
			};
			paint();
			setInterval(paint, 50);
			for (const track of canvas.captureStream(20).getVideoTracks()) stream.addTrack(track);
		}
		if (constraints.audio !== undefined && constraints.audio !== false) {
			const audio = new AudioContext();
			const tone = audio.createOscillator();
			const out = audio.createMediaStreamDestination();
			const gain = audio.createGain();
			gain.gain.value = 0.3;
			tone.connect(gain).connect(out);
			tone.start();
			for (const track of out.stream.getAudioTracks()) stream.addTrack(track);
		}
		return stream;
	};
	navigator.mediaDevices.getUserMedia = (c) => Promise.resolve(make(c));
}

/** How many descriptions the page has set so far. */
export async function descriptions(page: Page): Promise<number> {
	return await page.evaluate(() => (window as unknown as { plenumCounts: Counts }).plenumCounts.sdp);
}

/** What a page's connection has received in all. */
export type Received = { frames: number; energy: number; bytes: number };

/** Sums frames decoded and audio energy over the page's connections. */
export async function received(page: Page): Promise<Received> {
	return await page.evaluate(async () => {
		const sum = { frames: 0, energy: 0, bytes: 0 };
		for (const pc of (window as unknown as { plenumPeers: RTCPeerConnection[] }).plenumPeers) {
			if (pc.connectionState === 'closed') continue;
			for (const s of (await pc.getStats()).values() as Iterable<RTCInboundRtpStreamStats>) {
				if (s.type !== 'inbound-rtp') continue;
				sum.frames += s.framesDecoded ?? 0;
				sum.energy += s.totalAudioEnergy ?? 0;
				sum.bytes += s.bytesReceived ?? 0;
			}
		}
		return sum;
	});
}

/** One stream of pictures as the browser counts it. */
export type Flow = Readonly<{ codec: string; frames: number; height: number; mode: string; rid: string; bytes: number }>;

/** What a page sends or receives as pictures, of the streams that ever carried a frame. */
export async function flows(page: Page, way: 'inbound-rtp' | 'outbound-rtp', kind = 'video'): Promise<Flow[]> {
	return await page.evaluate(async ([type, medium]) => {
		const all: Flow[] = [];
		for (const pc of (window as unknown as { plenumPeers: RTCPeerConnection[] }).plenumPeers) {
			if (pc.connectionState === 'closed') continue;
			const report = await pc.getStats();
			for (const s of report.values() as Iterable<Record<string, unknown>>) {
				if (s['type'] !== type || s['kind'] !== medium) continue;
				const codec = report.get(String(s['codecId'])) as { mimeType?: string } | undefined;
				all.push({
					codec: codec?.mimeType ?? '', frames: Number(s['framesDecoded'] ?? s['framesEncoded'] ?? 0),
					height: Number(s['frameHeight'] ?? 0), mode: String(s['scalabilityMode'] ?? ''), rid: String(s['rid'] ?? ''),
					bytes: Number(s['bytesReceived'] ?? s['bytesSent'] ?? 0),
				});
			}
		}
		return all;
	}, [way, kind] as const);
}

/** The tile of a participant. */
export const tile = (page: Page, name: string) => page.getByRole('article', { name: new RegExp(`^${name}`) });
