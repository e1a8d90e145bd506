import { Fragment } from 'react';
import type { Client, ClientState, Flow, Inspection, Meeting } from '../client';
import { Dialog } from '../design';
import { useWords } from '../words';
import type { Words } from '../words';
import { useStore } from './hooks';
import { qualityWords } from './quality';

export type ConnectionProps = Readonly<{
	open: boolean;
	client: Client;
	meeting: Meeting;
	/** Only what comes from this participant; everything when absent. */
	participant: string | undefined;
	onClose: () => void;
}>;

/** How the connection does: in plain words first, in figures below. */
export function ConnectionDialog({ open, client, meeting, participant, onClose }: ConnectionProps) {
	const t = useWords();
	const of = meeting.participants.find(({ id }) => id === participant);
	return (
		<Dialog open={open} title={of === undefined ? t('connection.title') : t('connection.of', { name: of.name })} onClose={onClose}>
			<Figures client={client} meeting={meeting} participant={of?.id} />
		</Dialog>
	);
}

function Figures({ client, meeting, participant }: Omit<ConnectionProps, 'open' | 'onClose'>) {
	const t = useWords();
	const state = useStore(client.state);
	const weak = useStore(client.weak);
	const inspection = useStore(client.inspection);
	const received = inspection?.received.filter((flow) => flow.bitrate > 0 && (participant === undefined || flow.participant === participant)) ?? [];
	return (
		<>
			<p>{participant === undefined ? qualityWords(t, state) : personWords(t, state, weak.has(participant), received)}</p>
			{inspection === undefined ? null : (
				<>
					{participant === undefined ? <Line t={t} inspection={inspection} /> : null}
					{participant === undefined ? <Flows title={t('connection.sent')} flows={inspection.sent} nameOf={() => ''} /> : null}
					<Flows title={t('connection.received')} flows={received} nameOf={(flow) => meeting.participants.find(({ id }) => id === flow.participant)?.name ?? ''} />
				</>
			)}
		</>
	);
}

function personWords(t: Words, state: ClientState, weak: boolean, received: readonly Flow[]): string {
	if (state.quality === 'poor' || state.media === 'interrupted') return qualityWords(t, state);
	if (weak) return t('connection.theirsWeak');
	return received.length === 0 ? t('connection.nothing') : t('connection.theirsGood');
}

function Line({ t, inspection }: { t: Words; inspection: Inspection }) {
	const { rttMs, availableBitrate, protocol } = inspection;
	const rows: [string, string][] = [
		...(rttMs === undefined ? [] : [[t('connection.delay'), t('connection.ms', { ms: Math.round(rttMs) })] as [string, string]]),
		...(availableBitrate === undefined ? [] : [[t('connection.room'), rate(t, availableBitrate)] as [string, string]]),
		...(protocol === undefined ? [] : [[t('connection.way'), protocol] as [string, string]]),
	];
	return (
		<dl className="figures">
			{rows.map(([term, value]) => (
				<Fragment key={term}>
					<dt>{term}</dt>
					<dd className="ticking">{value}</dd>
				</Fragment>
			))}
		</dl>
	);
}

function Flows({ title, flows, nameOf }: { title: string; flows: readonly Flow[]; nameOf: (flow: Flow) => string }) {
	const t = useWords();
	if (flows.length === 0) return null;
	return (
		<section className="settings-section" aria-label={title}>
			<h3>{title}</h3>
			<ul className="flows">
				{flows.map((flow, index) => (
					<li key={index} className="flow">
						<span className="truncate" dir="auto">
							{[nameOf(flow), flow.source === 'screen' ? t('connection.screen') : t(flow.kind === 'audio' ? 'connection.sound' : 'connection.picture')].filter((part) => part !== '').join(t('app.comma'))}
						</span>
						<span className="quiet ticking">{figuresOf(t, flow).join(' · ')}</span>
					</li>
				))}
			</ul>
		</section>
	);
}

function figuresOf(t: Words, { bitrate, loss, width, height, framesPerSecond, codec, limited }: Flow): string[] {
	return [
		...(width === undefined || height === undefined ? [] : [`${width} × ${height}`]),
		...(framesPerSecond === undefined ? [] : [t('connection.frames', { count: Math.round(framesPerSecond) })]),
		rate(t, bitrate),
		...(loss < 0.005 ? [] : [t('connection.lost', { share: t.number(loss, { style: 'percent', maximumFractionDigits: 1 }) })]),
		...(codec === undefined ? [] : [codec]),
		...(limited === 'cpu' ? [t('connection.cpu')] : limited === 'bandwidth' ? [t('connection.bandwidth')] : []),
	];
}

function rate(t: Words, bitrate: number): string {
	return bitrate >= 1_000_000 ? t('connection.mbit', { rate: t.number(bitrate / 1_000_000, { maximumFractionDigits: 1 }) }) : t('connection.kbit', { rate: Math.round(bitrate / 1000) });
}
