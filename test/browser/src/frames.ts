// What a row of frame times says about a picture. Arithmetic only.

/** Gaps and freezes of a stretch of time. Times in milliseconds. */
export type Smoothness = Readonly<{ freezes: number; frozenMs: number; longestMs: number }>;

/** How many frames the mean gap is taken over, as the W3C's definition of freezeCount has it. */
const MEAN_OVER = 30;

/**
 * Judges the frames shown between from and to. A gap is a freeze, by the W3C's
 * definition, when it lasts three times the mean gap before it, and the mean and
 * 150 ms more. The gaps at both ends count too.
 */
export function smoothness(frames: readonly number[], from: number, to: number): Smoothness {
	const gaps: number[] = [];
	let [freezes, frozenMs, longestMs] = [0, 0, 0];
	for (let i = 1; i <= frames.length; i++) {
		const [start, end] = [frames[i - 1] ?? from, Math.min(frames[i] ?? to, to)];
		if (start >= to) break;
		const gap = end - start;
		if (end > from) {
			longestMs = Math.max(longestMs, gap);
			const mean = gaps.length === 0 ? gap : gaps.reduce((a, b) => a + b, 0) / gaps.length;
			if (gap >= Math.max(3 * mean, mean + 150)) {
				freezes++;
				frozenMs += gap;
			}
		}
		gaps.push(gap);
		if (gaps.length > MEAN_OVER) gaps.shift();
	}
	return { freezes, frozenMs, longestMs };
}

/** When the picture came back: the first frame after the first pause of at least pauseMs that ends after since. */
export function backAfter(frames: readonly number[], since: number, pauseMs: number): number | undefined {
	for (let i = 1; i < frames.length; i++) {
		const [before, at] = [frames[i - 1] ?? 0, frames[i] ?? 0];
		if (at > since && at - Math.max(before, 0) >= pauseMs) return at;
	}
	return undefined;
}

/** When frames first came at a rate for a whole window again, after since: the start of that window. */
export function steadyFrom(frames: readonly number[], since: number, perSecond: number, windowMs = 1000): number | undefined {
	const after = frames.filter((at) => at >= since);
	for (const [i, start] of after.entries()) {
		const count = after.slice(i).findIndex((at) => at > start + windowMs);
		if (count === -1) return undefined;
		if (count >= (perSecond * windowMs) / 1000) return start;
	}
	return undefined;
}
