// The rows of the impairment table and the bars they are held to.

/** What a row asks for: least frames kept in per cent, and the most of the rest. */
export type Bar = Readonly<{ kept?: number; freezes?: number; frozenS?: number; gapMs?: number; concealed?: number; backS?: number; fullS?: number }>;

/** A row that makes the link bad for a while and looks at the picture meanwhile. */
export type LossRow = Readonly<{ kind: 'loss'; name: string; spec: string; bar: Bar }>;

/** A row that breaks the path and looks how long the picture is away. */
export type BreakRow = Readonly<{ kind: 'flap' | 'udp' | 'udp-before' | 'address'; name: string; bar: Bar }>;

export type Row = LossRow | BreakRow;

/** What every row has at rest: 20 ms there and back. */
export const REST = 'delay=10ms';

export const ROWS: readonly Row[] = [
	{ kind: 'loss', name: 'clean', spec: 'delay=10ms', bar: { kept: 99, freezes: 0, gapMs: 150, concealed: 0.1 } },
	{ kind: 'loss', name: 'loss 1 %', spec: 'delay=10ms,loss=1', bar: { kept: 97, freezes: 1, gapMs: 200, concealed: 0.3 } },
	{ kind: 'loss', name: 'loss 5 %', spec: 'delay=10ms,loss=5', bar: { kept: 93, frozenS: 0.3, gapMs: 200, concealed: 0.5 } },
	{ kind: 'loss', name: 'loss 10 %', spec: 'delay=10ms,loss=10', bar: { kept: 85, frozenS: 1, gapMs: 300, concealed: 1 } },
	{ kind: 'loss', name: 'loss 20 %', spec: 'delay=10ms,loss=20', bar: { kept: 75, frozenS: 3, gapMs: 400, concealed: 2.5 } },
	{ kind: 'loss', name: 'bursts 5 % x 8', spec: 'delay=10ms,loss=5,burst=8', bar: { kept: 95, gapMs: 300, concealed: 2 } },
	{ kind: 'loss', name: 'jitter 200 ms', spec: 'delay=10ms,jitter=200ms', bar: { kept: 97, gapMs: 350, concealed: 0.5 } },
	{ kind: 'loss', name: 'reorder 10 %', spec: 'delay=60ms,reorder=10', bar: { kept: 98, freezes: 0 } },
	{ kind: 'loss', name: 'cap 300 kbit/s', spec: 'delay=10ms,rate=300kbit,queue=300ms', bar: { kept: 80, gapMs: 800, concealed: 1 } },
	{ kind: 'flap', name: 'flap 5 s', bar: { backS: 0.7, fullS: 1.5 } },
	{ kind: 'udp', name: 'UDP blocked mid-call', bar: { backS: 6 } },
	{ kind: 'udp-before', name: 'UDP blocked before join', bar: { backS: 3 } },
	{ kind: 'address', name: 'IP change', bar: { backS: 3 } },
];

/** What a row gave. Times in seconds unless the name says otherwise. */
export type Result = Readonly<{
	row: string; direction: 'down' | 'up'; browser: string; load: number; void: boolean; protocol: string;
	/** Frames per second before. */
	before: number;
	kept?: number; freezes?: number; frozenS?: number; gapMs?: number; concealed?: number; backS?: number; fullS?: number;
	sentOverMedia?: number; repaired?: number; nacks?: number; plis?: number; height?: number; note?: string;
}>;

/** Which figures miss their bar. */
export function misses(bar: Bar, result: Result): string[] {
	const out: string[] = [];
	const over = (name: keyof Bar) => {
		const [most, is] = [bar[name], result[name]];
		if (most !== undefined && (is === undefined || is > most)) out.push(name);
	};
	if (bar.kept !== undefined && (result.kept ?? 0) < bar.kept) out.push('kept');
	for (const name of ['freezes', 'frozenS', 'gapMs', 'concealed', 'backS', 'fullS'] as const) over(name);
	return out;
}

/** The bar of a direction: the uplink's is 5 points lower, as every viewer suffers from it. */
export function barOf(row: Row, direction: 'down' | 'up'): Bar {
	if (direction === 'down' || row.bar.kept === undefined) return row.bar;
	return { ...row.bar, kept: row.bar.kept - 5 };
}

/** One line of the table in docs/impairment.md. */
export function line(row: Row, result: Result): string {
	const bar = barOf(row, result.direction);
	const missed = misses(bar, result);
	const figure = (name: keyof Bar, digits: number, unit: string, sign: string) => {
		const is = result[name];
		if (is === undefined) return bar[name] === undefined ? '' : `- (${sign} ${String(bar[name])}${unit})`;
		const wanted = bar[name] === undefined ? '' : ` (${sign} ${String(bar[name])}${unit})`;
		return `${missed.includes(name) ? '**' : ''}${is.toFixed(digits)}${unit}${missed.includes(name) ? '**' : ''}${wanted}`;
	};
	const ratio = result.sentOverMedia === undefined ? '' : result.sentOverMedia.toFixed(2);
	return `| ${[row.name + (result.void ? ' (void)' : ''), figure('kept', 0, ' %', '>='), figure('freezes', 0, '', '<='), figure('frozenS', 2, ' s', '<='),
		figure('gapMs', 0, ' ms', '<='), figure('concealed', 2, ' %', '<='), figure('backS', 2, ' s', '<='), figure('fullS', 2, ' s', '<='),
		ratio, result.protocol, result.load.toFixed(1)].join(' | ')} |`;
}

export const HEAD = `| case | frames kept | freezes | frozen | longest gap | concealed | picture back | full rate | sent/media | over | load |
|---|---|---|---|---|---|---|---|---|---|---|`;
