import type { Emoji, Reaction } from './protocol.gen';
import { createStore } from './store';
import type { Store } from './store';

/** How long a reaction is shown, in milliseconds. */
export const REACTION_MS = 5000;

/** The most reactions shown at a time; older ones make room. */
const MOST = 24;

/** One emoji on the page, from one or more participants. */
export type ShownReaction = Readonly<{ key: number; emoji: Emoji; count: number; participants: readonly string[]; until: number }>;

/** What participants react with, while it is shown. */
export type Reactions = Readonly<{
	shown: Store<readonly ShownReaction[]>;
	/** Shows what the server told, for a few seconds. */
	show: (rows: readonly Reaction[]) => void;
}>;

/** The list after rows came at nowMs. Pure. */
export function withReactions(list: readonly ShownReaction[], rows: readonly Reaction[], nowMs: number): readonly ShownReaction[] {
	const first = (list.at(-1)?.key ?? 0) + 1;
	const fresh = rows.map(({ emoji, count, participants }, index) => ({ key: first + index, emoji, count, participants, until: nowMs + REACTION_MS }));
	return [...list, ...fresh].slice(-MOST);
}

/** The emoji a participant reacted with last, if it is still shown. */
export function reactionOf(list: readonly ShownReaction[], participant: string): Emoji | undefined {
	return list.findLast(({ participants }) => participants.includes(participant))?.emoji;
}

/** Returns reactions that go by themselves. */
export function createReactions(signal: AbortSignal): Reactions {
	const shown = createStore<readonly ShownReaction[]>([]);
	let timer: ReturnType<typeof setTimeout> | undefined;
	const sweep = () => {
		clearTimeout(timer);
		const now = Date.now();
		const left = shown.get().filter(({ until }) => until > now);
		if (left.length < shown.get().length) shown.set(left);
		const next = left[0];
		if (next !== undefined && !signal.aborted) timer = setTimeout(sweep, next.until - now);
	};
	signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
	return {
		shown,
		show: (rows) => {
			if (signal.aborted) return;
			shown.set(withReactions(shown.get(), rows, Date.now()));
			sweep();
		},
	};
}
