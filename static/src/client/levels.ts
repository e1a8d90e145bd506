/** Turns an audio level of RTP (0 to 1, linear) into what a ring or meter shows: 0 below -50 dB, 1 from -15 dB up. */
export function loudness(linear: number): number {
	if (!(linear > 0)) return 0;
	const decibel = 20 * Math.log10(linear);
	return Math.min(1, Math.max(0, (decibel + 50) / 35));
}

/** The next value of a meter: up at once, down slowly, so that it follows speech without flicker. */
export function smooth(shown: number, heard: number): number {
	return heard > shown ? shown + (heard - shown) * 0.6 : shown + (heard - shown) * 0.12;
}

/** One loop that writes --level on elements, outside React. */
export type Levels = Readonly<{
	/** Lets an element follow a participant's level until the returned function is called. */
	bind: (participant: string, element: HTMLElement) => () => void;
}>;

/** Returns a loop that asks levelOf (linear, 0 to 1) once a frame for every participant that an element follows. */
export function createLevels(levelOf: (participant: string) => number, signal: AbortSignal): Levels {
	const bound = new Map<HTMLElement, { participant: string; shown: number; written: number }>();
	let frame = 0;
	const tick = () => {
		frame = requestAnimationFrame(tick);
		for (const [element, row] of bound) {
			row.shown = smooth(row.shown, loudness(levelOf(row.participant)));
			if (Math.abs(row.shown - row.written) < 0.02) continue;
			row.written = row.shown;
			element.style.setProperty('--level', row.shown.toFixed(2));
		}
	};
	frame = requestAnimationFrame(tick);
	signal.addEventListener('abort', () => cancelAnimationFrame(frame), { once: true });
	return {
		bind: (participant, element) => {
			bound.set(element, { participant, shown: 0, written: 0 });
			element.style.setProperty('--level', '0');
			return () => {
				bound.delete(element);
			};
		},
	};
}

/** What a contributing source of a packet says. */
type Contribution = Readonly<{ source: number; timestamp: number; audioLevel?: number | undefined }>;

/**
 * The level of the participant with this number on a seat: of the newest
 * packet, and 0 while that still carries whoever sat there before.
 */
export function seatLevel(number: number, contributing: readonly Contribution[], synchronizing: readonly Contribution[]): number | undefined {
	const newest = contributing.reduce<Contribution | undefined>((best, one) => (best === undefined || one.timestamp > best.timestamp ? one : best), undefined);
	if (newest !== undefined && newest.source !== number) return 0;
	return synchronizing[0]?.audioLevel ?? newest?.audioLevel;
}
