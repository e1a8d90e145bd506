// How long a newcomer to a running meeting waits for a picture, and for what.
import type { Browser } from 'playwright-core';
import { until } from './server.ts';

/** Milliseconds from the click on Join to each step; frame is the first one decoded. */
export type Steps = Readonly<{ offer: number; socket: number; answer: number; ice: number; connected: number; frame: number }>;

/** Runs in the page before its scripts: notes when each step came, by the page's clock. */
function stopwatch(): void {
	const steps: Record<string, number> = {};
	(window as unknown as { plenumSteps: typeof steps }).plenumSteps = steps;
	const note = (step: string) => { steps[step] ??= performance.now(); };
	document.addEventListener('click', (e) => {
		const button = e.target instanceof Element ? e.target.closest('button') : null;
		if (button !== null && (button.getAttribute('aria-label') ?? button.textContent).trim() === 'Join meeting') note('click');
	}, true);
	const Original = window.RTCPeerConnection;
	window.RTCPeerConnection = class extends Original {
		constructor(config?: RTCConfiguration) {
			super(config);
			this.addEventListener('iceconnectionstatechange', () => { if (this.iceConnectionState === 'connected') note('ice'); });
			this.addEventListener('connectionstatechange', () => { if (this.connectionState === 'connected') note('connected'); });
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
			this.addEventListener('open', () => { note('socket'); });
		}
	};
	// A frame is noted where it is presented, which is after it was decoded.
	const property = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'srcObject');
	if (property === undefined) return;
	Object.defineProperty(HTMLMediaElement.prototype, 'srcObject', {
		...property,
		set(this: HTMLMediaElement, stream: MediaProvider | null) {
			property.set?.call(this, stream);
			const own = stream instanceof MediaStream && stream.getVideoTracks().some((track) => track.label.includes('fake'));
			if (this instanceof HTMLVideoElement && stream !== null && !own) this.requestVideoFrameCallback(() => { note('frame'); });
		},
	});
}

/** Joins a meeting in which somebody shows a picture, looks at it and leaves. */
export async function joinLate(browser: Browser, url: string, name: string): Promise<Steps> {
	const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, permissions: ['camera', 'microphone'] });
	try {
		const page = await context.newPage();
		await page.addInitScript(stopwatch);
		await page.goto(url);
		await page.getByRole('textbox', { name: 'Your name' }).fill(name);
		await page.getByRole('button', { name: 'Join meeting' }).click();
		const steps = await until('a frame', async () => await page.evaluate(() => {
			const seen = (window as unknown as { plenumSteps: Record<string, number> }).plenumSteps;
			return seen['frame'] === undefined || seen['click'] === undefined ? undefined : seen;
		}));
		const since = (step: string) => (steps[step] ?? NaN) - (steps['click'] ?? NaN);
		return {
			offer: since('offer'), socket: since('socket'), answer: since('answer'), ice: since('ice'),
			connected: since('connected'), frame: since('frame'),
		};
	} finally {
		await context.close();
	}
}
