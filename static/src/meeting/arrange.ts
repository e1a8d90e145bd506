/**
 * The order of the others on stage. Everybody keeps the place they had, those
 * who came stand last, and whoever is loud stands within the first slots: they
 * change places with the last of these who is not loud.
 */
export function arrange(present: readonly string[], before: readonly string[], loud: readonly string[], slots: number): readonly string[] {
	const here = new Set(present);
	const stayed = before.filter((id) => here.has(id));
	const known = new Set(stayed);
	const order = [...stayed, ...present.filter((id) => !known.has(id))];
	const speaking = new Set(loud);
	for (const id of loud) {
		const from = order.indexOf(id);
		if (from < slots) continue; // also when absent
		const to = order.slice(0, slots).findLastIndex((other) => !speaking.has(other));
		const other = order[to];
		if (other === undefined) break;
		order[to] = id;
		order[from] = other;
	}
	return same(order, before) ? before : order;
}

/** One page of a list, and how many there are; a page that is no more is the last. */
export function pageOf<T>(list: readonly T[], perPage: number, page: number): Readonly<{ items: readonly T[]; page: number; pages: number }> {
	const pages = Math.max(1, Math.ceil(list.length / perPage));
	const at = Math.min(Math.max(0, page), pages - 1);
	return { items: list.slice(at * perPage, (at + 1) * perPage), page: at, pages };
}

function same(a: readonly string[], b: readonly string[]): boolean {
	return a.length === b.length && a.every((id, index) => id === b[index]);
}
