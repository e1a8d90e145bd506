const FIRST_MS = 250;
const LONGEST_MS = 5000;

/**
 * Milliseconds to wait before the nth try (1 is the first after a loss):
 * doubling from 250 ms to 5 s, of which half is left to chance, so that
 * a restarted server is not met by everybody at once. random is in [0, 1).
 */
export function backoff(attempt: number, random: number): number {
	const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.max(0, attempt - 1));
	return full / 2 + (full / 2) * random;
}
