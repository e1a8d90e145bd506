const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The language dates are written in: the viewer's English, else British, since the words around them are English. */
export function localeOf(languages: readonly string[]): string {
	return languages.find((language) => /^en\b/i.test(language)) ?? 'en-GB';
}

/** A place to write times for: a language and a zone. No zone is the viewer's own. */
export type Place = Readonly<{ locale: string; zone?: string }>;

function formatter(place: Place, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
	try {
		return new Intl.DateTimeFormat(place.locale, place.zone === undefined ? options : { ...options, timeZone: place.zone });
	} catch {
		return new Intl.DateTimeFormat(place.locale, { ...options, timeZone: 'UTC' }); // a zone this browser has not heard of
	}
}

/** A moment in mid-sentence: "today, 14:00". */
export function within(words: string): string {
	return words.replace(/^(Today|Yesterday|Tomorrow)/, (word) => word.toLowerCase());
}

/** "14:05". */
export function clock(ms: number, place: Place): string {
	return formatter(place, { hour: 'numeric', minute: '2-digit' }).format(ms);
}

/** "Today", "Yesterday", "Tomorrow", "Mon, 23 Nov", "Mon, 23 Nov 2026". */
export function day(ms: number, now: number, place: Place): string {
	const at = formatter(place, { dateStyle: 'short' });
	const date = at.format(ms);
	const near = [
		['Today', now],
		['Yesterday', now - 24 * HOUR],
		['Tomorrow', now + 24 * HOUR],
	] as const;
	const word = near.find(([, other]) => at.format(other) === date)?.[0];
	if (word !== undefined) return word;
	const year = formatter(place, { year: 'numeric' });
	const sameYear = year.format(ms) === year.format(now);
	const options: Intl.DateTimeFormatOptions = { weekday: 'short', day: 'numeric', month: 'short' };
	return formatter(place, sameYear ? options : { ...options, year: 'numeric' }).format(ms);
}

/** "Today, 14:00". */
export function moment(ms: number, now: number, place: Place): string {
	return `${day(ms, now, place)}, ${clock(ms, place)}`;
}

/** "Today, 14:00 to 15:00"; the second day is named when it is another. */
export function span(start: number, end: number, now: number, place: Place): string {
	const date = formatter(place, { dateStyle: 'short' });
	const until = date.format(start) === date.format(end) ? clock(end, place) : moment(end, now, place);
	return `${moment(start, now, place)} to ${until}`;
}

/** The same span where the room is, for a hover: "Sun, 22 Nov, 19:30 to 20:30 in Asia/Kolkata". */
export function spanThere(start: number, end: number, zone: string, locale: string): string {
	const there = { locale, zone };
	const date = formatter(there, { weekday: 'short', day: 'numeric', month: 'short' }).format(start);
	return `${date}, ${clock(start, there)} to ${clock(end, there)} in ${zone}`;
}

/** "0.4 s", "12 s", "3 min": how long a stretch of a recording is. */
export function stretchLength(us: number): string {
	return us < 9_950_000 ? `${(Math.max(us, 0) / 1_000_000).toFixed(1)} s` : lengthWords(us / 1000);
}

/** "25 min", "1 h 5 min", "2 days", "40 s": how long, in words, coarse. */
export function lengthWords(ms: number): string {
	if (ms < MINUTE) return `${Math.max(Math.round(ms / 1000), 0)} s`;
	const minutes = Math.round(ms / MINUTE);
	if (minutes < 60) return `${minutes} min`;
	const hours = Math.floor(minutes / 60);
	if (hours < 48) return minutes % 60 === 0 || hours >= 24 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
	return `${Math.round(hours / 24)} days`;
}

/** "in 5 min", "3 min ago", "now". */
export function away(ms: number, now: number): string {
	const gap = ms - now;
	if (Math.abs(gap) < 30_000) return 'now';
	return gap > 0 ? `in ${lengthWords(gap)}` : `${lengthWords(-gap)} ago`;
}

/** "0:07", "12:31", "1:02:03" from microseconds. */
export function timecode(us: number): string {
	const seconds = Math.max(Math.floor(us / 1_000_000), 0);
	const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
	const two = (value: number) => String(value).padStart(2, '0');
	return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** "0 bytes", "812 bytes", "5.2 MB", in powers of 1000. */
export function size(bytes: number): string {
	if (bytes < 1000) return bytes === 1 ? '1 byte' : `${bytes} bytes`;
	const units = ['kB', 'MB', 'GB', 'TB'];
	let value = bytes / 1000;
	let unit = 0;
	while (value >= 999.5 && unit < units.length - 1) {
		value /= 1000;
		unit++;
	}
	return `${value < 9.95 ? value.toFixed(1) : Math.round(value).toString()}\u00a0${units[unit] ?? ''}`;
}

/** Names that browsers still give as they were before the IANA renamed them (its file "backward"). */
const RENAMED: Readonly<Record<string, string>> = {
	'Africa/Asmera': 'Africa/Asmara',
	'America/Buenos_Aires': 'America/Argentina/Buenos_Aires',
	'America/Godthab': 'America/Nuuk',
	'Asia/Calcutta': 'Asia/Kolkata',
	'Asia/Katmandu': 'Asia/Kathmandu',
	'Asia/Rangoon': 'Asia/Yangon',
	'Asia/Saigon': 'Asia/Ho_Chi_Minh',
	'Atlantic/Faeroe': 'Atlantic/Faroe',
	'Europe/Kiev': 'Europe/Kyiv',
	'Pacific/Enderbury': 'Pacific/Kanton',
	'Pacific/Ponape': 'Pacific/Pohnpei',
	'Pacific/Truk': 'Pacific/Chuuk',
};

/** A zone under the name it has today. */
export function zoneToday(zone: string): string {
	return Object.hasOwn(RENAMED, zone) ? (RENAMED[zone] ?? zone) : zone;
}

/** The zones to offer, sorted, each under the name it has today; the viewer's own and UTC are among them in any case. */
export function zones(supported: readonly string[], own: string): readonly string[] {
	return [...new Set([...supported.map(zoneToday), own, 'UTC'])].filter((zone) => zone !== '').sort();
}

/** The shell line that reserves the same room. */
export function curlLine(origin: string, user: string, wish: object): string {
	return `curl -u ${quote(user)} ${quote(`${origin}/api/v1/rooms`)} --json ${quote(JSON.stringify(wish))}`;
}

/** The text as one word of a POSIX shell. */
function quote(word: string): string {
	return `'${word.replaceAll("'", `'\\''`)}'`;
}
