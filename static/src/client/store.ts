/** A value that can be watched, in the shape React's useSyncExternalStore takes. */
export type Store<T> = Readonly<{
	get: () => T;
	subscribe: (listener: () => void) => () => void;
}>;

/** A store whose owner may change it. A set to the same value tells nobody. */
export type WritableStore<T> = Store<T> & Readonly<{ set: (value: T) => void; update: (change: (value: T) => T) => void }>;

/** Returns a store that holds initial. */
export function createStore<T>(initial: T): WritableStore<T> {
	let value = initial;
	const listeners = new Set<() => void>();
	const set = (next: T) => {
		if (Object.is(next, value)) return;
		value = next;
		for (const listener of [...listeners]) listener();
	};
	return {
		get: () => value,
		set,
		update: (change) => set(change(value)),
		subscribe: (listener) => {
			listeners.add(listener);
			return () => {
				listeners.delete(listener);
			};
		},
	};
}
