// A clapperboard for pages, and the meter for what is recorded of it.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';

const run = promisify(execFile);

/** Seconds from one flash and beep to the next. */
export const every = 2;

/**
 * Replaces camera and microphone by a picture that flashes white for 100 ms, and a
 * beep with each flash, on every second second of the machine's clock.
 */
export function clapperboard(): void {
	const beat = 2; // a page does not see this module
	const audio = new AudioContext({ latencyHint: 'interactive' });
	const out = audio.createMediaStreamDestination();
	const tone = audio.createOscillator();
	const gain = audio.createGain();
	tone.frequency.value = 1000;
	gain.gain.value = 0;
	tone.connect(gain).connect(out);
	tone.start();
	const canvas = document.createElement('canvas');
	[canvas.width, canvas.height] = [320, 180];
	const g = canvas.getContext('2d');
	const since = Date.now() / 1000 - audio.currentTime; // what the audio clock's zero was
	let beeps = Math.ceil((audio.currentTime + since) / beat + 0.5);
	let n = 0;
	const source = new MediaRecorder(new MediaStream([...canvas.captureStream(30).getVideoTracks(), ...out.stream.getAudioTracks()]), { mimeType: 'video/webm;codecs=vp8,opus' });
	const parts: Blob[] = [];
	source.ondataavailable = ({ data }) => parts.push(data);
	(window as unknown as { clapperSource: () => Promise<string> }).clapperSource = async () => {
		if (source.state === 'inactive') {
			source.start();
			return '';
		}
		const stopped = new Promise((done) => { source.onstop = done; });
		source.stop();
		await stopped;
		let text = '';
		for (const b of new Uint8Array(await new Blob(parts).arrayBuffer())) text += String.fromCharCode(b);
		return btoa(text);
	};
	(window as unknown as { clapperLag: () => number }).clapperLag = () => Date.now() / 1000 - audio.currentTime - since;
	setInterval(() => {
		const now = audio.currentTime + since;
		while (beeps * beat < now + 1) {
			gain.gain.setValueAtTime(0.5, beeps * beat - since);
			gain.gain.setValueAtTime(0, beeps * beat - since + 0.1);
			beeps++;
		}
		if (g === null) return;
		g.fillStyle = now % beat < 0.1 ? 'white' : 'black';
		g.fillRect(0, 0, 320, 180);
		g.fillStyle = 'grey';
		g.fillRect((n++ * 3) % 300, 170, 20, 8); // frames differ
	}, 8);
	navigator.mediaDevices.getUserMedia = (c = {}) => {
		const stream = new MediaStream();
		if (c.video !== undefined && c.video !== false) stream.addTrack((canvas.captureStream(30).getVideoTracks()[0] as MediaStreamTrack));
		if (c.audio !== undefined && c.audio !== false) stream.addTrack((out.stream.getAudioTracks()[0] as MediaStreamTrack).clone());
		return Promise.resolve(stream);
	};
}

/** When the picture of a file turns white, in seconds of the file. */
export async function flashes(file: string): Promise<number[]> {
	const { stdout } = await run('ffmpeg', ['-v', 'error', '-i', file, '-map', '0:v:0', '-fps_mode', 'passthrough', '-vf',
		'scale=32:18:flags=area,signalstats,metadata=print:key=lavfi.signalstats.YAVG:file=-', '-f', 'null', '-'], { maxBuffer: 1 << 28 });
	const found: number[] = [];
	let white = true; // a file that begins in a flash does not say when that began
	let at = NaN;
	for (const line of stdout.split('\n')) {
		const time = /pts_time:([\d.]+)/.exec(line)?.[1];
		if (time !== undefined) at = Number(time);
		const luma = /YAVG=([\d.]+)/.exec(line)?.[1];
		if (luma === undefined) continue;
		if (Number(luma) > 120 && !white) found.push(at);
		white = Number(luma) > 120;
	}
	return found;
}

/** When the beeps of a file begin, in seconds of the file. */
export async function beeps(file: string): Promise<number[]> {
	const rate = 8000;
	const { stdout } = await run('ffmpeg', ['-v', 'error', '-i', file, '-map', '0:a:0', '-af', 'bandpass=f=1000:width_type=h:w=400', '-ac', '1', '-ar', String(rate), '-f', 's16le', '-'],
		{ encoding: 'buffer', maxBuffer: 1 << 28 });
	const found: number[] = [];
	let quiet = 0;
	for (let i = 0; i + 1 < stdout.length; i += 2) {
		if (Math.abs(stdout.readInt16LE(i)) < 2500) {
			quiet++;
			continue;
		}
		if (quiet > rate / 2) found.push(i / 2 / rate);
		quiet = 0;
	}
	return found;
}

/** How far a page's clapperboard is behind the machine's clock, in milliseconds: a starved AudioContext falls behind, and is no source to measure with. */
export const lag = async (page: Page): Promise<number> => 1000 * (await page.evaluate(() => (window as unknown as { clapperLag: () => number }).clapperLag()));

/** Starts to record what a clapperboard itself gives, or ends that and returns the WebM. What its flashes and beeps are apart is none of the server's doing. */
export const source = async (page: Page): Promise<Buffer> =>
	Buffer.from(await page.evaluate(async () => await (window as unknown as { clapperSource: () => Promise<string> }).clapperSource()), 'base64');

/** What two lists of moments are apart: flashes against beeps, or against another's flashes. */
export type Apart = Readonly<{ points: [number, number][]; pairs: number; median: number; least: number; most: number; ppm: number; error: number }>;

/** Compares each moment with its nearest counterpart; times in seconds, what they are apart in milliseconds. */
export function apart(a: readonly number[], b: readonly number[]): Apart {
	const points: [number, number][] = [];
	for (const x of a) {
		const nearest = b.reduce((best, y) => (Math.abs(y - x) < Math.abs(best - x) ? y : best), Infinity);
		if (Math.abs(nearest - x) < every / 2) points.push([x, (x - nearest) * 1000]);
	}
	const sorted = points.map(([, d]) => d).sort((x, y) => x - y);
	const mean = (k: 0 | 1) => points.reduce((s, p) => s + p[k], 0) / points.length;
	const [mx, my] = [mean(0), mean(1)];
	const sxx = points.reduce((s, [x]) => s + (x - mx) ** 2, 0);
	const slope = points.reduce((s, [x, y]) => s + (x - mx) * (y - my), 0) / sxx; // ms per s
	const left = points.reduce((s, [x, y]) => s + (y - my - slope * (x - mx)) ** 2, 0) / Math.max(1, points.length - 2);
	return {
		points, pairs: points.length, median: sorted[Math.floor(sorted.length / 2)] ?? NaN, least: sorted[0] ?? NaN, most: sorted.at(-1) ?? NaN,
		ppm: slope * 1000, error: Math.sqrt(left / sxx) * 1000,
	};
}
