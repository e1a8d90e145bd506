/** One file on the recording's timeline, in seconds. */
export type Piece = Readonly<{ start: number; duration: number }>;

/** Below this the ear and the eye notice nothing, in seconds (ITU-R BT.1359 allows 0.045 either way). */
const CLOSE = 0.04;
/** Beyond this a jump disturbs less than catching up, in seconds. */
const FAR = 0.4;
/** How much faster or slower a file may run while it catches up. */
const MOST_RATE = 0.08;

/** What a follower does about its distance to the clock. */
export type Correction = Readonly<{ kind: 'rate'; rate: number } | { kind: 'seek' }>;

/** Where in the piece a moment of the recording lies, in seconds; null outside of it. */
export function placeIn(piece: Piece, at: number): number | null {
	const inside = at - piece.start;
	return inside >= 0 && inside < piece.duration ? inside : null;
}

/** The first of the pieces that has something at this moment: the clock follows it. -1 when none has. */
export function leaderAt(pieces: readonly Piece[], at: number): number {
	return pieces.findIndex((piece) => placeIn(piece, at) !== null);
}

/** How a file that is `ahead` seconds before the clock comes back to it. */
export function correct(ahead: number): Correction {
	const off = Math.abs(ahead);
	if (off > FAR) return { kind: 'seek' };
	if (off < CLOSE) return { kind: 'rate', rate: 1 };
	return { kind: 'rate', rate: 1 - Math.sign(ahead) * MOST_RATE * Math.min(1, off / (FAR / 2)) };
}

/** Where the pieces begin and end together. */
export function extent(pieces: readonly Piece[]): Readonly<{ from: number; to: number }> {
	if (pieces.length === 0) return { from: 0, to: 0 };
	return {
		from: Math.min(...pieces.map((piece) => piece.start)),
		to: Math.max(...pieces.map((piece) => piece.start + piece.duration)),
	};
}

/** The clock after a tick: what the leader shows, or wall time where no file has anything. */
export function advance(pieces: readonly Piece[], at: number, leaderTime: number | null, elapsed: number): number {
	const leader = pieces[leaderAt(pieces, at)];
	const next = leader === undefined || leaderTime === null ? at + elapsed : leader.start + leaderTime;
	return Math.min(next, extent(pieces).to);
}
