import { dateText, dayStart, parseDate, wallOf } from './zone';

/** A day of the calendar in a zone, from its first moment to the next day's. */
export type Day = Readonly<{ date: string; from: number; to: number }>;

/** A time with a beginning and an end, in milliseconds since 1970. */
export type Span = Readonly<{ start: number; end: number }>;

/** The first day of the week of a language, 1 for Monday to 7 for Sunday. */
export function firstWeekday(locale: string): number {
	try {
		const info = new Intl.Locale(locale) as Intl.Locale & { getWeekInfo?: () => { firstDay: number }; weekInfo?: { firstDay: number } };
		return info.getWeekInfo?.().firstDay ?? info.weekInfo?.firstDay ?? 1;
	} catch {
		return 1;
	}
}

/** The date shown: the one asked for, or today's in the zone when it is none. */
export function shownDate(asked: string, now: number, zone: string): string {
	return parseDate(asked) === null ? dateText(wallOf(now, zone)) : asked;
}

/** The days of the week a date is in. */
export function weekOf(date: string, first: number, zone: string): readonly Day[] {
	const { year, month, day } = read(date);
	return days(year, month, day - into(year, month, day, first), 7, zone);
}

/** The days of whole weeks that a date's month is in: 28, 35 or 42. */
export function monthOf(date: string, first: number, zone: string): readonly Day[] {
	const { year, month } = read(date);
	const before = into(year, month, 1, first);
	const length = new Date(Date.UTC(year, month, 0)).getUTCDate();
	return days(year, month, 1 - before, Math.ceil((before + length) / 7) * 7, zone);
}

/** How many days of its week lie before a date. */
function into(year: number, month: number, day: number, first: number): number {
	return (new Date(Date.UTC(year, month - 1, day)).getUTCDay() - first + 14) % 7;
}

function days(year: number, month: number, from: number, count: number, zone: string): readonly Day[] {
	return Array.from({ length: count }, (_, index) => {
		const date = new Date(Date.UTC(year, month - 1, from + index)).toISOString().slice(0, 10);
		return { date, from: dayStart(year, month, from + index, zone), to: dayStart(year, month, from + index + 1, zone) };
	});
}

/** The date a number of weeks or months on; the 31st becomes the last of a shorter month. */
export function turn(date: string, view: 'week' | 'month', by: number): string {
	const { year, month, day } = read(date);
	const last = new Date(Date.UTC(year, month - 1 + by + 1, 0)).getUTCDate();
	const to = view === 'week' ? Date.UTC(year, month - 1, day + 7 * by) : Date.UTC(year, month - 1 + by, Math.min(day, last));
	return new Date(to).toISOString().slice(0, 10);
}

function read(date: string): { year: number; month: number; day: number } {
	return parseDate(date) ?? { year: 1970, month: 1, day: 1 };
}

/** What of a list touches a day, earliest first. What ends as the day begins does not. */
export function inDay<T extends Span>(spans: readonly T[], day: Day): readonly T[] {
	return spans.filter(({ start, end }) => start < day.to && (end > day.from || (start === end && start >= day.from))).sort((a, b) => a.start - b.start || b.end - a.end);
}

/** A span with its place among those it overlaps: in which of how many columns. */
export type Placed<T> = Readonly<{ item: T; column: number; columns: number }>;

/** Gives overlapping spans columns beside each other; what touches nothing has the whole width. */
export function columns<T extends Span>(spans: readonly T[]): readonly Placed<T>[] {
	const out: Placed<T>[] = [];
	let group: { item: T; column: number }[] = [];
	let ends: number[] = [];
	const close = () => {
		out.push(...group.map(({ item, column }) => ({ item, column, columns: ends.length })));
		[group, ends] = [[], []];
	};
	for (const item of [...spans].sort((a, b) => a.start - b.start || b.end - a.end)) {
		if (ends.length > 0 && Math.max(...ends) <= item.start) close();
		const free = ends.findIndex((end) => end <= item.start);
		const column = free < 0 ? ends.length : free;
		ends[column] = item.end;
		group.push({ item, column });
	}
	close();
	return out;
}

/** Where in a day a span lies, as shares of the day's length; it is cut at midnight. */
export function shareOf({ start, end }: Span, day: Day): Readonly<{ from: number; to: number }> {
	const share = (ms: number) => Math.min(Math.max((ms - day.from) / (day.to - day.from), 0), 1);
	return { from: share(start), to: share(end) };
}

/** The hours worth showing: those of the spans in these days, at least 8 to 18, whole ones. */
export function hoursOf(spans: readonly Span[], week: readonly Day[]): Readonly<{ from: number; to: number }> {
	let [from, to] = [8, 18];
	for (const day of week) {
		for (const span of inDay(spans, day)) {
			const share = shareOf(span, day);
			from = Math.min(from, Math.floor(share.from * 24));
			to = Math.max(to, Math.ceil(share.to * 24));
		}
	}
	return { from, to };
}
