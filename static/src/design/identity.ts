/** The letters on an avatar: of the first and the last word of a name, or "?" for a name without any. */
export function initials(name: string): string {
	const words = name.trim().split(/\s+/u).filter((word) => word !== '');
	const first = words[0];
	if (first === undefined) return '?';
	const last = words.length > 1 ? words[words.length - 1] : undefined;
	return [first, last]
		.map((word) => (word === undefined ? '' : letter(word)))
		.join('')
		.toLocaleUpperCase();
}

/** The first letter or digit of a word, whole with its accents; else its first character. */
function letter(word: string): string {
	const characters = Array.from(new Intl.Segmenter().segment(word), ({ segment }) => segment);
	return characters.find((character) => /[\p{L}\p{N}]/u.test(character)) ?? characters[0] ?? '';
}

/** A stable hue in degrees for a participant: neighbours in a list (p1, p2, p3) lie far apart. */
export function hueOf(seed: string): number {
	let hash = 2166136261; // FNV-1a, 32 bits
	for (const character of seed) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16777619);
	const steps = 12;
	return ((hash >>> 0) % steps) * (360 / steps) + 15;
}
