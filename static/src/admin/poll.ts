import { useCallback, useContext, useEffect, useRef, useState } from 'react';
import { failureOf } from './api';
import type { Failure } from './api';
import { SessionContext } from './session';

/** What a repeated call has brought so far. */
export type Poll<T> = Readonly<{
	/** The newest answer; null until the first. */
	data: T | null;
	/** Why the newest call failed; null when it did not. */
	failure: Failure | null;
	/** When the newest answer came, and "now" for words such as "in 5 min". */
	at: number;
	/** Calls again now. */
	refresh: () => void;
}>;

const LONGEST_MS = 30_000;

/** How long to wait for the next call: longer after each failure in a row. */
export function nextDelay(every: number, failures: number): number {
	return Math.min(every * 2 ** failures, Math.max(LONGEST_MS, every));
}

type Kept<T> = Readonly<{ load: unknown; data: T | null; failure: Failure | null; at: number }>;

/**
 * Calls load at once and again and again, `every` milliseconds after each answer, or
 * only once if that is null. It rests while the tab is hidden or the session has
 * expired. A new load starts from nothing; keep it stable with useCallback.
 */
export function usePoll<T>(load: (signal: AbortSignal) => Promise<T>, every: number | null): Poll<T> {
	const { expire, epoch } = useContext(SessionContext);
	const [nonce, setNonce] = useState(0);
	const [kept, setKept] = useState<Kept<T>>(() => ({ load, data: null, failure: null, at: Date.now() }));
	const pace = useRef(every);
	useEffect(() => {
		pace.current = every;
	}, [every]);

	useEffect(() => {
		const life = new AbortController();
		let timer = 0;
		let busy = false;
		let failures = 0;
		let answered = false;
		const run = async () => {
			if (busy || (pace.current === null && answered)) return;
			busy = true;
			try {
				const data = await load(life.signal);
				if (life.signal.aborted) return;
				failures = 0;
				answered = true;
				setKept((old) => ({ load, data: old.load === load ? settle(old.data, data) : data, failure: null, at: Date.now() }));
			} catch (error) {
				if (life.signal.aborted) return;
				failures++;
				const failure = failureOf(error);
				setKept((old) => ({ load, data: old.load === load ? old.data : null, failure, at: old.at }));
				if (failure.kind === 'expired') {
					expire();
					return;
				}
			} finally {
				busy = false;
			}
			if (pace.current === null || document.hidden) return;
			timer = window.setTimeout(() => void run(), nextDelay(pace.current, failures));
		};
		const looked = () => {
			window.clearTimeout(timer);
			if (!document.hidden && pace.current !== null) void run();
		};
		document.addEventListener('visibilitychange', looked, { signal: life.signal });
		void run();
		return () => {
			window.clearTimeout(timer);
			life.abort();
		};
	}, [load, epoch, nonce, expire]);

	const refresh = useCallback(() => setNonce((old) => old + 1), []);
	if (kept.load !== load) return { data: null, failure: null, at: kept.at, refresh };
	return { data: kept.data, failure: kept.failure, at: kept.at, refresh };
}

/** The old value when the new one says the same, so that nothing is drawn or restarted for it. */
export function settle<T>(old: T | null, fresh: T): T {
	return old !== null && JSON.stringify(old) === JSON.stringify(fresh) ? old : fresh;
}

/** Runs calls that a button starts: one at a time, ended with the component. onFailure hears of one that failed. */
export function useAction(onFailure?: (failure: Failure) => void): Readonly<{
	busy: boolean;
	failure: Failure | null;
	run: (work: (signal: AbortSignal) => Promise<void>) => void;
	forget: () => void;
}> {
	const { expire } = useContext(SessionContext);
	const [state, setState] = useState<Readonly<{ busy: boolean; failure: Failure | null }>>({ busy: false, failure: null });
	const life = useRef<AbortController>(null);
	const told = useRef(onFailure);
	useEffect(() => {
		told.current = onFailure;
	}, [onFailure]);
	useEffect(() => () => life.current?.abort(), []);
	const run = useCallback(
		(work: (signal: AbortSignal) => Promise<void>) => {
			life.current?.abort();
			const mine = new AbortController();
			life.current = mine;
			setState({ busy: true, failure: null });
			work(mine.signal).then(
				() => {
					if (!mine.signal.aborted) setState({ busy: false, failure: null });
				},
				(error: unknown) => {
					if (mine.signal.aborted) return;
					const failure = failureOf(error);
					setState({ busy: false, failure });
					if (failure.kind === 'expired') expire();
					else told.current?.(failure);
				},
			);
		},
		[expire],
	);
	const forget = useCallback(() => setState({ busy: false, failure: null }), []);
	return { busy: state.busy, failure: state.failure, run, forget };
}
