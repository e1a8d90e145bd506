/** A piece of a chat message: words, or an address to open. */
export type Piece = Readonly<{ kind: 'text'; text: string } | { kind: 'link'; text: string; href: string }>;

/** Splits a message at its web addresses. Only http and https become links, whatever else it says stays words. */
export function splitLinks(message: string): Piece[] {
	const pieces: Piece[] = [];
	let at = 0;
	for (const match of message.matchAll(/(?<![\p{L}\p{N}_@/.])(?:https?:\/\/|www\.)[^\s<>"'`\\]+/giu)) {
		const text = trimEnd(match[0]);
		const href = hrefOf(text);
		if (href === undefined) continue;
		if (match.index > at) pieces.push({ kind: 'text', text: message.slice(at, match.index) });
		pieces.push({ kind: 'link', text, href });
		at = match.index + text.length;
	}
	if (at < message.length) pieces.push({ kind: 'text', text: message.slice(at) });
	return pieces;
}

/** Leaves out what ends the sentence rather than the address, and a closing bracket that it did not open. */
function trimEnd(text: string): string {
	let end = text.length;
	for (;;) {
		const last = text[end - 1];
		if (last === undefined) return '';
		const body = text.slice(0, end);
		const unopened = (last === ')' && count(body, ')') > count(body, '(')) || (last === ']' && count(body, ']') > count(body, '['));
		if (!/[.,;:!?*_~]/.test(last) && !unopened) return body;
		end -= 1;
	}
}

function hrefOf(text: string): string | undefined {
	try {
		const url = new URL(/^www\./i.test(text) ? `https://${text}` : text);
		const plain = url.username === '' && url.password === ''; // https://bank.example@evil.example fools the eye
		return plain && /^https?:$/.test(url.protocol) && url.hostname !== '' && url.hostname !== 'www' ? url.href : undefined;
	} catch {
		return undefined;
	}
}

function count(text: string, character: string): number {
	return text.split(character).length - 1;
}
