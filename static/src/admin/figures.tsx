import { useCallback } from 'react';
import type { ReactNode } from 'react';
import { roomFigures, serverFigures } from './figures_api';
import type { Figures } from './figures_api';
import { usePoll } from './poll';
import { BOX, linesOf, lineWords, pathOf } from './spark';
import type { Line } from './spark';
import { countWords } from './words';

const EVERY_MS = 5000;

/** How many figures a line has room for at least, so that the first few do not fill it. */
const PLACES = 24;

/** How much goes on in a room. Nothing is shown until there is something to draw. */
export function RoomFigures({ id }: { id: string }) {
	const load = useCallback((signal: AbortSignal) => roomFigures(id, signal), [id]);
	const { data } = usePoll(load, EVERY_MS);
	return data === null || data.figures.length < 2 ? null : <Sparks data={data} processors="Server’s CPU" label="How much goes on in this room" />;
}

/** How much goes on on the whole server, for admins. */
export function ServerFigures() {
	const { data } = usePoll(serverFigures, EVERY_MS);
	const live = data?.figures.at(-1)?.rooms ?? 0;
	return (
		<section className="card padded server" aria-labelledby="server-title">
			<header className="card-head">
				<h2 id="server-title">This server now</h2>
				<p className="quiet">{data === null ? '' : live === 0 ? 'No meeting' : countWords(live, 'meeting', 'meetings')}</p>
			</header>
			{data === null || data.figures.length < 2 ? <p className="quiet">Figures come a few seconds after the server has started.</p> : <Sparks data={data} processors="CPU" label="How much goes on on this server" />}
		</section>
	);
}

function Sparks({ data, processors, label }: { data: Figures; processors: string; label: string }): ReactNode {
	return (
		<ul className="sparks" aria-label={label}>
			{linesOf(data.figures, processors).map((line) => (
				<Spark key={line.name} line={line} every={data.every_seconds} />
			))}
		</ul>
	);
}

function Spark({ line, every }: { line: Line; every: number }) {
	const path = pathOf(line, Math.max(PLACES, line.values.length));
	const from = /^M([\d.]+)/.exec(path)?.[1] ?? '0';
	return (
		<li className="spark">
			<span className="spark-words" aria-hidden="true">
				<span className="spark-name">{line.name}</span>
				<span className="spark-now">{line.words(line.values.at(-1) ?? 0)}</span>
			</span>
			<svg viewBox={`0 0 ${String(BOX.width)} ${String(BOX.height)}`} preserveAspectRatio="none" role="img" aria-label={lineWords(line, every)}>
				<path className="spark-area" d={`${path}L${String(BOX.width)} ${String(BOX.height)}L${from} ${String(BOX.height)}Z`} />
				<path className="spark-line" d={path} />
			</svg>
		</li>
	);
}
