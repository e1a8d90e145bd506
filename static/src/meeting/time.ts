import type { Words } from '../words';

/** Time since something began, as a clock: 0:05, 12:34, 1:02:03. */
export function clock(ms: number): string {
	const seconds = Math.max(0, Math.floor(ms / 1000));
	const two = (value: number) => String(value).padStart(2, '0');
	const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
	return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** A stretch of time in words: 2 h 5 min, 12 min, less than a minute. */
export function stretch(t: Words, ms: number): string {
	const minutes = Math.ceil(ms / 60_000);
	if (ms < 60_000) return t('time.soon');
	const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
	const [days, hoursLeft] = [Math.floor(hours / 24), hours % 24];
	const pair = (long: string, short: string, left: number) => (left === 0 ? long : t('time.pair', { long, short }));
	if (days > 0) return pair(t('time.days', { days }), t('time.hours', { hours: hoursLeft }), hoursLeft);
	if (hours > 0) return pair(t('time.hours', { hours }), t('time.minutes', { minutes: rest }), rest);
	return t('time.minutes', { minutes: rest });
}

/** A wait of seconds or more in words: 8 s, 2 min, 1 h. */
export function wait(t: Words, seconds: number): string {
	return seconds < 60 ? t('time.seconds', { seconds: Math.max(1, Math.ceil(seconds)) }) : stretch(t, seconds * 1000);
}

/** A time of day as the viewer's clock shows it, with the date when it is not today. */
export function timeOfDay(t: Words, at: number, now: number): string {
	const sameDay = new Date(at).toDateString() === new Date(now).toDateString();
	return new Intl.DateTimeFormat(t.locale, sameDay ? { timeStyle: 'short' } : { dateStyle: 'medium', timeStyle: 'short' }).format(at);
}

/** Names in a sentence: "Ann", "Ann and Bo", "Ann, Bo and 3 others". count is how many there are in all. */
export function namesInWords(t: Words, names: readonly string[], count: number): string {
	const shown = names.slice(0, count > 3 ? 2 : 3);
	const others = count - shown.length;
	return others > 0 ? t('names.more', { names: shown.join(t('app.comma')), count: others }) : t.list(shown);
}
