/** Runs asynchronous tasks one after the other, in the order given. A task that fails does not stop the next. */
export type Queue = <T>(task: () => Promise<T>) => Promise<T>;

/** Returns an empty queue. Every negotiation of a connection goes through one. */
export function createQueue(): Queue {
	let tail: Promise<unknown> = Promise.resolve();
	return (task) => {
		const result = tail.then(task, task);
		tail = result.catch(() => undefined);
		return result;
	};
}
