import { CircleCheck, CircleX, LoaderCircle, Minus } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { testConnection } from '../client';
import type { ConnectionReport, WayResult } from '../client';
import { Button } from '../design';
import { useWords } from '../words';
import type { Words } from '../words';

/** Tries the ways to the server and says in words what was found. */
export function ConnectionSection({ room }: Readonly<{ room: string }>) {
	const t = useWords();
	const [report, setReport] = useState<ConnectionReport>();
	const [running, setRunning] = useState(false);
	const end = useRef<AbortController>(undefined);
	useEffect(() => () => end.current?.abort(), []);
	const start = async () => {
		const { signal } = (end.current = new AbortController());
		setReport(undefined);
		setRunning(true);
		const found = await testConnection({ room, signal });
		if (signal.aborted) return;
		setReport(found);
		setRunning(false);
	};
	return (
		<section className="settings-section" aria-label={t('connection.title')}>
			<h3>{t('connection.title')}</h3>
			<Button className="connection-test" disabled={running} icon={running ? <LoaderCircle size={16} className="spinning" aria-hidden="true" /> : undefined} onClick={() => void start()}>
				{running ? t('test.running') : t('test.start')}
			</Button>
			<div role="status" className="connection-found">
				{report === undefined ? null : (
					<>
						<p>{explainConnection(t, report)}</p>
						<ul>
							{report.ways.map((way) => (
								<li key={way.way} data-result={way.result}>
									<WayIcon result={way.result} />
									<span>{t(`test.${way.way}`)}</span>
									<span className="quiet">{resultWords(t, way)}</span>
								</li>
							))}
						</ul>
					</>
				)}
			</div>
		</section>
	);
}

function WayIcon({ result }: Pick<WayResult, 'result'>) {
	switch (result) {
		case 'works':
			return <CircleCheck size={16} className="good" aria-hidden="true" />;
		case 'blocked':
			return <CircleX size={16} className="danger" aria-hidden="true" />;
		case 'absent':
			return <Minus size={16} className="quiet" aria-hidden="true" />;
	}
}

function resultWords(t: Words, way: WayResult): string {
	switch (way.result) {
		case 'works':
			return t('test.works', { ms: way.ms });
		case 'blocked':
			return t('test.blocked');
		case 'absent':
			return t('test.absent');
	}
}

/** What a test found, what it means and what to do, in two or three sentences. */
export function explainConnection(t: Words, { verdict, ports }: Pick<ConnectionReport, 'verdict' | 'ports'>): string {
	const open = ports.length === 0 ? t('test.ports') : ports.join(t('app.comma'));
	return t(`verdict.${verdict}`, { ports: open });
}
