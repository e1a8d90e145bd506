/** Time since something began, as a clock: 0:05, 12:34, 1:02:03. */
export function clock(ms: number): string {
	const seconds = Math.max(0, Math.floor(ms / 1000));
	const two = (value: number) => String(value).padStart(2, '0');
	const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
	return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** A stretch of time in words: 2 h 5 min, 12 min, less than a minute. */
export function stretch(ms: number): string {
	const minutes = Math.ceil(ms / 60_000);
	if (ms < 60_000) return 'less than a minute';
	const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
	const [days, hoursLeft] = [Math.floor(hours / 24), hours % 24];
	if (days > 0) return hoursLeft === 0 ? `${days} d` : `${days} d ${hoursLeft} h`;
	if (hours === 0) return `${minutes} min`;
	return rest === 0 ? `${hours} h` : `${hours} h ${rest} min`;
}

/** A time of day as the viewer's clock shows it, with the date when it is not today. */
export function timeOfDay(at: number, now: number): string {
	const sameDay = new Date(at).toDateString() === new Date(now).toDateString();
	return new Intl.DateTimeFormat(undefined, sameDay ? { timeStyle: 'short' } : { dateStyle: 'medium', timeStyle: 'short' }).format(at);
}

/** Names in a sentence: "Ann", "Ann and Bo", "Ann, Bo and 3 others". count is how many there are in all. */
export function namesInWords(names: readonly string[], count: number): string {
	const shown = names.slice(0, count > 3 ? 2 : 3);
	const others = count - shown.length;
	if (others > 0) return `${shown.join(', ')} and ${others} ${others === 1 ? 'other' : 'others'}`;
	const last = shown.at(-1);
	if (last === undefined) return '';
	return shown.length === 1 ? last : `${shown.slice(0, -1).join(', ')} and ${last}`;
}
