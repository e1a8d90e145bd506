import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createEnsemble } from './ensemble';
import { advance, correct, extent, leaderAt, placeIn } from './sync';

const voice = { start: 1, duration: 10 };
const picture = { start: 4, duration: 5 };

describe('sync', () => {
	it.each([
		[0.5, null],
		[1, 0],
		[6, 5],
		[11, null],
	])('at %d s the voice is at %j', (at, place) => {
		expect(placeIn(voice, at)).toBe(place);
	});

	it('is led by the first file that has something', () => {
		expect(leaderAt([voice, picture], 5)).toBe(0);
		expect(leaderAt([picture, voice], 2)).toBe(1);
		expect(leaderAt([voice, picture], 0)).toBe(-1);
	});

	it('leaves alone what nobody notices, drifts what is near, jumps what is far', () => {
		expect(correct(0.03)).toEqual({ kind: 'rate', rate: 1 });
		expect(correct(-0.03)).toEqual({ kind: 'rate', rate: 1 });
		expect(correct(0.41)).toEqual({ kind: 'seek' });
		const late = correct(-0.1);
		const early = correct(0.1);
		expect(late.kind === 'rate' && late.rate).toBeCloseTo(1.04);
		expect(early.kind === 'rate' && early.rate).toBeCloseTo(0.96);
	});

	it('brings a follower back without overshooting, from any distance', () => {
		for (let start = -0.4; start <= 0.4; start += 0.01) {
			let ahead = start;
			for (let tick = 0; tick < 100; tick++) {
				const step = correct(ahead);
				ahead = step.kind === 'seek' ? 0 : ahead + (step.rate - 1) * 0.2;
				expect(Math.abs(ahead)).toBeLessThanOrEqual(Math.abs(start) + 1e-9);
			}
			expect(Math.abs(ahead)).toBeLessThanOrEqual(0.04);
		}
	});

	it('follows its leader, else the wall, and stops at the end', () => {
		expect(advance([voice, picture], 5, 4.2, 0.2)).toBeCloseTo(5.2);
		expect(advance([voice, picture], 0, null, 0.2)).toBeCloseTo(0.2);
		expect(advance([voice], 10.9, null, 0.5)).toBe(11);
		expect(extent([voice, picture])).toEqual({ from: 1, to: 11 });
		expect(extent([])).toEqual({ from: 0, to: 0 });
	});
});

/** Stands for a media element: its time runs with the fake clock while it plays. */
function fakeMedia(duration: number) {
	let base = 0;
	let since: number | null = null;
	const at = () => Math.min(base + (since === null ? 0 : ((performance.now() - since) / 1000) * media.playbackRate), duration);
	const media = {
		playbackRate: 1,
		error: null,
		seeks: 0,
		get paused() {
			return since === null || at() >= duration;
		},
		get ended() {
			return at() >= duration;
		},
		get currentTime() {
			return at();
		},
		set currentTime(to: number) {
			base = to;
			if (since !== null) since = performance.now();
			media.seeks++;
		},
		play() {
			if (since === null || at() >= duration) {
				if (at() >= duration) base = 0;
				since = performance.now();
			}
			return Promise.resolve();
		},
		pause() {
			base = at();
			since = null;
		},
	};
	return media;
}

describe('an ensemble', () => {
	const life: { end: AbortController } = { end: new AbortController() };

	beforeEach(() => {
		vi.useFakeTimers();
		life.end = new AbortController();
	});
	afterEach(() => {
		life.end.abort();
		vi.useRealTimers();
	});

	function start(from: number) {
		const sound = fakeMedia(voice.duration);
		const video = fakeMedia(picture.duration);
		const changed = vi.fn();
		const voices = [
			{ piece: voice, element: sound as unknown as HTMLMediaElement },
			{ piece: picture, element: video as unknown as HTMLMediaElement },
		];
		return { sound, video, changed, ensemble: createEnsemble(voices, from, changed, life.end.signal) };
	}

	it('starts each file when its time comes, and both agree', () => {
		const { sound, video, ensemble } = start(0);
		ensemble.play();
		vi.advanceTimersByTime(2000);
		expect([sound.paused, video.paused]).toEqual([false, true]);
		vi.advanceTimersByTime(3000);
		expect([sound.paused, video.paused]).toEqual([false, false]);
		expect(sound.currentTime + voice.start - (video.currentTime + picture.start)).toBeCloseTo(0, 1);
		expect(ensemble.now()).toBeCloseTo(6, 0);
	});

	it('moves both, and never jumps the voice by itself', () => {
		const { sound, video, ensemble } = start(1);
		ensemble.play();
		ensemble.seek(7);
		expect(sound.currentTime).toBeCloseTo(6);
		expect(video.currentTime).toBeCloseTo(3);
		const { seeks } = sound;
		video.currentTime = 0.5;
		vi.advanceTimersByTime(1000);
		expect(video.currentTime + picture.start).toBeCloseTo(sound.currentTime + voice.start, 1);
		expect(sound.seeks).toBe(seeks);
	});

	it('outlives the picture, stops at the end, and starts over', () => {
		const { sound, video, changed, ensemble } = start(8);
		ensemble.play();
		vi.advanceTimersByTime(2000);
		expect([sound.paused, video.paused]).toEqual([false, true]);
		changed.mockClear();
		vi.advanceTimersByTime(2000);
		expect(ensemble.playing()).toBe(false);
		expect(changed).toHaveBeenCalled();
		ensemble.play();
		vi.advanceTimersByTime(1000);
		expect(ensemble.now()).toBeCloseTo(2, 0);
		expect(sound.paused).toBe(false);
	});

	it('keeps its place while paused, and lets go when its life ends', () => {
		const { sound, video, ensemble } = start(5);
		ensemble.play();
		vi.advanceTimersByTime(500);
		ensemble.pause();
		const at = ensemble.now();
		vi.advanceTimersByTime(5000);
		expect(ensemble.now()).toBe(at);
		ensemble.play();
		life.end.abort();
		expect([sound.paused, video.paused, vi.getTimerCount()]).toEqual([true, true, 0]);
	});
});
