import { ScrollText } from 'lucide-react';
import { useCallback, useState } from 'react';
import { actionWords, actorWords, outcomeState } from './audit_words';
import { moment } from './format';
import { Empty, FilterDate, FilterSelect, here, Loaded, More, PageHead, SearchField, State } from './parts';
import { listAudit } from './people_api';
import type { AuditEntry, AuditPage as Page } from './people_api';
import { usePoll } from './poll';
import { AUDIT } from './route';
import type { Route } from './route';
import { Link, useRouter } from './router';
import { dayStart, ownZone, parseDate } from './zone';

const EVERY_MS = 10_000;

type AuditRoute = Route & { page: 'audit' };

const ACTIONS = [
	{ value: '', label: 'Everything' },
	{ value: 'login', label: 'Logins' },
	{ value: 'createRoom', label: 'Rooms reserved' },
	{ value: 'cancelRoom', label: 'Rooms cancelled' },
	{ value: 'createRoomLink', label: 'Join links made' },
	{ value: 'revokeRoomLink', label: 'Join links revoked' },
	{ value: 'createLink', label: 'Links to recordings made' },
	{ value: 'meeting.', label: 'Done in meetings' },
	{ value: 'downloadFile', label: 'Recordings downloaded' },
	{ value: 'deleteRecording', label: 'Recordings deleted' },
	{ value: 'createUser', label: 'Users added' },
	{ value: 'changeUser', label: 'Users changed' },
	{ value: 'createToken', label: 'Tokens made' },
];

/** The audit log: who did what, when, from where. */
export function AuditPage({ route }: { route: AuditRoute }) {
	const { go } = useRouter();
	const [pages, setPages] = useState(1);
	const { actor, action, object, from, to } = route;
	const load = useCallback((signal: AbortSignal) => loadPages({ actor, action, object, from, to }, pages, signal), [actor, action, object, from, to, pages]);
	const poll = usePoll(load, EVERY_MS);
	const set = (change: Partial<AuditRoute>) => {
		setPages(1);
		go({ ...route, ...change }, true);
	};
	const known = ACTIONS.some(({ value }) => value === action);
	return (
		<>
			<PageHead title="Audit log" lead="Logins, everything that was changed, downloads, and what hosts did in meetings. Newest first." />
			<div className="filters">
				<SearchField label="Who, by name" value={actor} onChange={(value) => set({ actor: value })} />
				<FilterSelect label="What was done" value={action} options={known ? ACTIONS : [...ACTIONS, { value: action, label: actionWords(action) }]} onPick={(value) => set({ action: value })} />
				<SearchField label="To what, such as a room’s id" value={object} onChange={(value) => set({ object: value })} />
				<FilterDate label="From" value={from} onPick={(value) => set({ from: value })} />
				<FilterDate label="To" value={to} onPick={(value) => set({ to: value })} />
			</div>
			<Loaded poll={poll} title="The audit log can’t be shown" rows={6}>
				{({ entries, next }) =>
					entries.length === 0 ? (
						<Empty icon={<ScrollText size={24} />} title="Nothing was found">
							<p>No entry fits these filters. Names must be whole.</p>
							<Link className="button" data-kind="outlined" to={AUDIT}>
								Show everything
							</Link>
						</Empty>
					) : (
						<>
							<AuditTable entries={entries} now={poll.at} />
							{next === '' ? null : <More what="entries" onMore={() => setPages(pages + 1)} />}
						</>
					)
				}
			</Loaded>
		</>
	);
}

type Filter = Readonly<{ actor: string; action: string; object: string; from: string; to: string }>;

/** The moment a day of a filter begins, in the viewer's zone; "" when it is no day. */
export function dayBegin(date: string, plus: number, zone: string): string {
	const day = parseDate(date);
	return day === null ? '' : new Date(dayStart(day.year, day.month, day.day + plus, zone)).toISOString();
}

async function loadPages({ actor, action, object, from, to }: Filter, pages: number, signal: AbortSignal): Promise<Page> {
	const query = { actor: actor.trim(), action, object: object.trim(), from: dayBegin(from, 0, ownZone()), before: dayBegin(to, 1, ownZone()) };
	const entries: AuditEntry[] = [];
	let after = '';
	for (let page = 0; page < pages; page++) {
		const answer = await listAudit({ ...query, after }, signal);
		entries.push(...answer.entries);
		after = answer.next;
		if (after === '') break;
	}
	return { entries, next: after };
}

function AuditTable({ entries, now }: { entries: readonly AuditEntry[]; now: number }) {
	return (
		<div className="card">
			<table className="list audit">
				<thead>
					<tr>
						<th scope="col">What</th>
						<th scope="col">Who</th>
						<th scope="col">To what</th>
						<th scope="col">When</th>
						<th scope="col">Outcome</th>
					</tr>
				</thead>
				<tbody>
					{entries.map((entry) => (
						<AuditRow key={entry.id} entry={entry} now={now} />
					))}
				</tbody>
			</table>
		</div>
	);
}

function AuditRow({ entry, now }: { entry: AuditEntry; now: number }) {
	const { tone, short } = outcomeState(entry.outcome);
	const details = Object.entries(entry.details);
	return (
		<tr>
			<td className="cell-main">
				<span className="name" title={entry.action}>
					{actionWords(entry.action)}
				</span>
				{details.length === 0 ? null : (
					<ul className="details">
						{details.map(([key, value]) => (
							<li key={key} className="truncate" title={`${key}: ${value}`}>
								{key}: {value}
							</li>
						))}
					</ul>
				)}
			</td>
			<td className="cell-who">
				{actorWords(entry.actor)}
				{entry.address === '' ? null : <span className="second">{entry.address}</span>}
			</td>
			<td className="cell-object">{entry.object === '' ? <span className="quiet">Nothing in particular</span> : <code>{entry.object}</code>}</td>
			<td className="cell-when" title={new Date(entry.at).toISOString()}>
				{moment(entry.at, now, here())}
			</td>
			<td className="cell-state">
				<State tone={tone}>{short}</State>
			</td>
		</tr>
	);
}
