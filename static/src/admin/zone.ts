import { zoneToday } from './format';

/** A date and a time of day as clocks somewhere show them; month is 1 to 12. */
export type Wall = Readonly<{ year: number; month: number; day: number; hour: number; minute: number }>;

const DAY = 86_400_000;

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: string): Intl.DateTimeFormat {
	const known = formatters.get(zone);
	if (known !== undefined) return known;
	const made = make(zone);
	formatters.set(zone, made);
	return made;
}

function make(zone: string): Intl.DateTimeFormat {
	const options = { calendar: 'gregory', numberingSystem: 'latn', hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' } as const;
	try {
		return new Intl.DateTimeFormat('en-GB', { ...options, timeZone: zone });
	} catch {
		return new Intl.DateTimeFormat('en-GB', { ...options, timeZone: 'UTC' }); // a zone this browser has not heard of
	}
}

/** What clocks in a zone show at a moment. */
export function wallOf(ms: number, zone: string): Wall {
	const parts = Object.fromEntries(formatter(zone).formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
	const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = parts;
	return { year, month, day, hour, minute };
}

/** A wall time as if it were UTC: for arithmetic only. */
function flat(wall: Wall): number {
	return Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute);
}

/** By how much a zone is ahead of UTC at a moment, in milliseconds, to the minute. */
export function offsetAt(ms: number, zone: string): number {
	return flat(wallOf(ms, zone)) - Math.floor(ms / 60_000) * 60_000;
}

/**
 * The moment when clocks in a zone show a wall time. When they show it twice it is the first;
 * when they skip it, it is as much later as the clocks are put forward, and exists is false.
 */
export function instantOf(wall: Wall, zone: string): Readonly<{ ms: number; exists: boolean }> {
	const guess = flat(wall);
	const before = guess - offsetAt(guess - DAY, zone);
	const after = guess - offsetAt(guess + DAY, zone);
	const hits = [before, after].filter((ms) => flat(wallOf(ms, zone)) === guess).sort((a, b) => a - b);
	const [first] = hits;
	return first === undefined ? { ms: before, exists: false } : { ms: first, exists: true };
}

/** The first moment of a day in a zone. Days out of range run over: the 32nd of January is the 1st of February. */
export function dayStart(year: number, month: number, day: number, zone: string): number {
	const date = new Date(Date.UTC(year, month - 1, day));
	return instantOf({ year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate(), hour: 0, minute: 0 }, zone).ms;
}

/** "2026-11-22", as date fields have it. */
export function dateText({ year, month, day }: Pick<Wall, 'year' | 'month' | 'day'>): string {
	return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
}

/** "14:05", as time fields have it. */
export function timeText({ hour, minute }: Pick<Wall, 'hour' | 'minute'>): string {
	return `${two(hour)}:${two(minute)}`;
}

function two(value: number): string {
	return String(value).padStart(2, '0');
}

/** The wall time in a date and a time field; null when either is not filled. */
export function parseWall(date: string, time: string): Wall | null {
	const day = parseDate(date);
	const clock = /^(\d{2}):(\d{2})(:\d{2})?$/.exec(time);
	if (day === null || clock === null) return null;
	const [hour, minute] = [Number(clock[1]), Number(clock[2])];
	return hour < 24 && minute < 60 ? { ...day, hour, minute } : null;
}

/** The date in a date field; null when there is none in the calendar. */
export function parseDate(date: string): Pick<Wall, 'year' | 'month' | 'day'> | null {
	const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(date);
	if (match === null) return null;
	const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
	const real = new Date(Date.UTC(year, month - 1, day));
	return real.getUTCMonth() + 1 === month && real.getUTCDate() === day ? { year, month, day } : null;
}

/** The zone the browser is in. */
export function ownZone(): string {
	return zoneToday(Intl.DateTimeFormat().resolvedOptions().timeZone);
}
