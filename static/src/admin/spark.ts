import type { Figure } from './figures_api';

/** The box a sparkline is drawn in; CSS stretches it. */
export const BOX = { width: 120, height: 32 };

/** A line of figures under one name, as it is drawn and said. */
export type Line = Readonly<{
	name: string;
	values: readonly number[];
	/** The least a full height stands for, so that a little noise is no mountain. */
	least: number;
	words: (value: number) => string;
}>;

/** The lines of the figures; the processors only for who may know. */
export function linesOf(figures: readonly Figure[], processors: string): readonly Line[] {
	const of = (name: string, pick: (figure: Figure) => number, least: number, words: (value: number) => string): Line => ({ name, values: figures.map(pick), least, words });
	const lines = [of('People', ({ people }) => people, 4, (value) => value.toFixed(0)), of('Sent', ({ bitrate }) => bitrate, 1e6, bitrateWords), of('Loss', ({ loss }) => loss, 0.05, percentWords)];
	return figures.some(({ cpu }) => cpu < 0) ? lines : [...lines, of(processors, ({ cpu }) => cpu, 0.25, percentWords)];
}

/** "3.4 Mbit/s". */
export function bitrateWords(bits: number): string {
	if (bits < 999.5) return `${Math.round(bits).toFixed(0)}\u00a0bit/s`;
	const units = ['kbit/s', 'Mbit/s', 'Gbit/s'];
	let value = bits / 1000;
	let unit = 0;
	while (value >= 999.5 && unit < units.length - 1) {
		value /= 1000;
		unit++;
	}
	return `${value < 9.95 ? value.toFixed(1) : value.toFixed(0)}\u00a0${units[unit] ?? ''}`;
}

/** "0.4 %" of a share of one. */
export function percentWords(share: number): string {
	const percent = share * 100;
	return `${percent === 0 || percent >= 9.95 ? percent.toFixed(0) : percent.toFixed(1)}\u00a0%`;
}

/** The SVG path of a line in BOX, the newest at the right; places counts those a full line has. */
export function pathOf({ values, least }: Pick<Line, 'values' | 'least'>, places: number): string {
	const top = Math.max(least, ...values);
	const step = BOX.width / Math.max(places - 1, 1);
	const x = (index: number) => BOX.width - (values.length - 1 - index) * step;
	const y = (value: number) => BOX.height - 1 - (value / top) * (BOX.height - 2);
	return values.map((value, index) => `${index === 0 ? 'M' : 'L'}${x(index).toFixed(1)} ${y(value).toFixed(1)}`).join('');
}

/** What a line shows, for who can't see it. */
export function lineWords({ name, values, words }: Line, everySeconds: number): string {
	const now = values.at(-1) ?? 0;
	const span = Math.max(1, Math.round((values.length * everySeconds) / 60));
	return `${name}: ${words(now)} now, ${words(Math.min(...values))} to ${words(Math.max(...values))} in the last ${span === 1 ? 'minute' : `${span.toFixed(0)} minutes`}`;
}
