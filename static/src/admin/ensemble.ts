import { advance, correct, extent, leaderAt, placeIn } from './sync';
import type { Piece } from './sync';
import { clamp } from './timeline';

/** A file on the timeline and the element that plays it. Audio comes first: it leads, since a voice must not warble. */
export type Voice = Readonly<{ piece: Piece; element: HTMLMediaElement }>;

/** Plays several files as one. */
export type Ensemble = Readonly<{
	play: () => void;
	pause: () => void;
	seek: (at: number) => void;
	/** The moment of the recording that plays, in seconds. */
	now: () => number;
	playing: () => boolean;
}>;

/** How often followers are brought back to the clock, in milliseconds. */
const TICK_MS = 200;

/**
 * Starts an ensemble that lives until signal aborts. It plays nothing yet. onChange
 * is called when it starts, stops or has been moved.
 */
export function createEnsemble(voices: readonly Voice[], from: number, onChange: () => void, signal: AbortSignal): Ensemble {
	const pieces = voices.map(({ piece }) => piece);
	const ends = extent(pieces);
	let at = clamp(from, ends.from, ends.to);
	let playing = false;
	let ticked = performance.now();

	/** Brings every element to the clock; the one that leads is left alone unless it was moved. */
	const align = (moved: boolean) => {
		const leader = leaderAt(pieces, at);
		voices.forEach(({ piece, element }, index) => {
			const place = placeIn(piece, at);
			if (place === null || element.ended) {
				rest(element);
				if (moved) element.currentTime = place ?? (at < piece.start ? 0 : piece.duration);
				return;
			}
			const step = correct(element.currentTime - place);
			if (moved || (step.kind === 'seek' && index !== leader) || (element.paused && playing)) element.currentTime = place;
			element.playbackRate = index === leader || step.kind === 'seek' ? 1 : step.rate;
			if (playing && element.paused) start(element);
			if (!playing) rest(element);
		});
	};

	/** The clock now: where the leader is, also when it waits for data, else wall time since the last tick. */
	const current = () => {
		const leader = voices[leaderAt(pieces, at)]?.element;
		const leads = leader !== undefined && !leader.ended && leader.error === null;
		return advance(pieces, at, leads ? leader.currentTime : null, (performance.now() - ticked) / 1000);
	};

	const tick = () => {
		if (playing) at = current();
		ticked = performance.now();
		if (!playing) return;
		if (at >= ends.to) playing = false;
		align(false);
		if (!playing) onChange();
	};

	const timer = setInterval(tick, TICK_MS);
	signal.addEventListener(
		'abort',
		() => {
			clearInterval(timer);
			for (const { element } of voices) {
				rest(element);
				element.playbackRate = 1;
			}
		},
		{ once: true },
	);

	const set = (on: boolean, to: number, moved: boolean) => {
		playing = on;
		at = clamp(to, ends.from, ends.to);
		ticked = performance.now();
		align(moved);
		onChange();
	};
	return {
		play: () => set(true, at >= ends.to ? ends.from : at, true),
		pause: () => set(false, playing ? current() : at, false),
		seek: (to) => set(playing, to, true),
		now: () => (playing ? current() : at),
		playing: () => playing,
	};
}

function start(element: HTMLMediaElement): void {
	// Refused without a gesture or when paused again at once: the next tick tries again.
	element.play().catch(() => undefined);
}

function rest(element: HTMLMediaElement): void {
	if (!element.paused) element.pause();
}
