import type { Words } from '../words';

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;

/** A size in bytes as people say it: "1.2 MB". */
export function bytesInWords(t: Words, bytes: number): string {
	let size = bytes;
	let at = 0;
	while (size >= 999.5 && at < UNITS.length - 1) {
		size /= 1000;
		at += 1;
	}
	return t.number(size, { style: 'unit', unit: UNITS[at] ?? 'byte', unitDisplay: at === 0 ? 'long' : 'short', maximumFractionDigits: at === 0 || size >= 99.5 ? 0 : 1 });
}
