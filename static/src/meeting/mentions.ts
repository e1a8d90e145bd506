/** A piece of words: plain, or the name of somebody in the meeting after an @. */
export type Mention = Readonly<{ kind: 'text'; text: string } | { kind: 'mention'; text: string; name: string }>;

/** The most names offered at a time. */
const MOST = 5;

/** Splits words at the names that are mentioned in them; the longest name that fits counts. */
export function splitMentions(text: string, names: readonly string[]): Mention[] {
	const longestFirst = [...new Set(names)].filter((name) => name !== '').sort((a, b) => b.length - a.length);
	const pieces: Mention[] = [];
	let from = 0;
	for (let at = text.indexOf('@'); at !== -1; at = text.indexOf('@', at + 1)) {
		if (at < from || /[\p{L}\p{N}]/u.test(text[at - 1] ?? ' ')) continue; // an address of mail
		const rest = text.slice(at + 1);
		const name = longestFirst.find((one) => startsWith(rest, one) && !/^[\p{L}\p{N}]/u.test(rest.slice(one.length)));
		if (name === undefined) continue;
		if (at > from) pieces.push({ kind: 'text', text: text.slice(from, at) });
		from = at + 1 + name.length;
		pieces.push({ kind: 'mention', text: text.slice(at, from), name });
	}
	if (from < text.length) pieces.push({ kind: 'text', text: text.slice(from) });
	return pieces;
}

/** True when a message mentions a name. */
export function mentions(text: string, name: string): boolean {
	return splitMentions(text, [name]).some(({ kind }) => kind === 'mention');
}

/** What is being typed after an @ just before the caret, and who it may be. */
export type Offer = Readonly<{ from: number; names: readonly string[] }>;

/** The names to offer while an @ is being typed; undefined when none is. */
export function offerNames(text: string, caret: number, names: readonly string[]): Offer | undefined {
	const match = /(^|[^\p{L}\p{N}])@([^@\n]{0,64})$/u.exec(text.slice(0, caret));
	const typed = match?.[2];
	if (typed === undefined) return undefined;
	const found = [...new Set(names)].filter((name) => name !== typed && (startsWith(name, typed) || name.split(/\s+/).some((word) => startsWith(word, typed)))).slice(0, MOST);
	return found.length === 0 ? undefined : { from: caret - typed.length - 1, names: found };
}

function startsWith(text: string, start: string): boolean {
	return text.slice(0, start.length).localeCompare(start, undefined, { sensitivity: 'base' }) === 0;
}
