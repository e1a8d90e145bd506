import { Radio, SearchX, Send } from 'lucide-react';
import { useContext, useState } from 'react';
import type { SyntheticEvent } from 'react';
import { Button } from '../design';
import { listAttendants, push } from './api';
import { lengthWords, moment, within } from './format';
import type { Attendant } from './model';
import { Copyable, CopyLine, Empty, here, Loaded, PageHead, SearchField, State } from './parts';
import { useAction, usePoll } from './poll';
import { PushDialog } from './push_dialog';
import { matches } from './route';
import { useRouter } from './router';
import { SessionContext } from './session';
import { failureWords } from './words';

const EVERY_MS = 4000;

/** Who an attendant is: its user, or what it said of itself. */
export function nameOf({ user, details }: Pick<Attendant, 'user' | 'details'>): string {
	const names = [user, details.my_id, details.name, details.id];
	return names.find((name) => name !== undefined && name !== '') ?? 'Anonymous';
}

/** Who waits for messages, and a box to send one to each. */
export function AttendantsPage({ search }: { search: string }) {
	const { go } = useRouter();
	const { user } = useContext(SessionContext);
	const poll = usePoll(listAttendants, EVERY_MS);
	const [pushing, setPushing] = useState(false);
	return (
		<>
			<PageHead title="Attendants" lead="Clients that hold a connection open and wait for messages.">
				<Button kind="filled" icon={<Send size={20} aria-hidden="true" />} onClick={() => setPushing(true)}>
					Push a message
				</Button>
			</PageHead>
			<div className="filters">
				<SearchField label="Search by name or detail" value={search} onChange={(value) => go({ page: 'attendants', search: value }, true)} />
			</div>
			<Loaded poll={poll} title="The attendants can’t be shown" rows={3}>
				{(attendants) => <AttendantList attendants={attendants} now={poll.at} search={search} admin={user.role === 'admin'} />}
			</Loaded>
			<PushDialog open={pushing} attendants={poll.data ?? []} onClose={() => setPushing(false)} />
		</>
	);
}

type ListProps = { attendants: readonly Attendant[]; now: number; search: string; admin: boolean };

function AttendantList({ attendants, now, search, admin }: ListProps) {
	if (attendants.length === 0) return <Nobody />;
	const found = attendants.filter((attendant) => matches(search, [nameOf(attendant), attendant.channel_name, attendant.ip, ...Object.entries(attendant.details).flatMap(([key, value]) => [value, `${key}:${value}`, `${key}=${value}`])]));
	if (found.length === 0) {
		return (
			<Empty icon={<SearchX size={24} />} title="No attendant matches">
				<p>None of the {attendants.length} attendants has “{search}” in what is known of it.</p>
			</Empty>
		);
	}
	return (
		<div className="card">
			<table className="list attendants">
				<thead>
					<tr>
						<th scope="col">Who</th>
						{admin ? <th scope="col">Address</th> : null}
						<th scope="col">Connected</th>
						<th scope="col">Channel</th>
						<th scope="col">Message</th>
					</tr>
				</thead>
				<tbody>
					{found.map((attendant) => (
						<AttendantRow key={attendant.channel_name} attendant={attendant} now={now} admin={admin} />
					))}
				</tbody>
			</table>
		</div>
	);
}

function AttendantRow({ attendant, now, admin }: { attendant: Attendant; now: number; admin: boolean }) {
	const name = nameOf(attendant);
	const details = Object.entries(attendant.details).filter(([key, value]) => key !== 'my_id' || value !== name);
	return (
		<tr>
			<td className="cell-main">
				<span className="name">{name}</span>
				{details.length === 0 ? null : (
					<ul className="details" aria-label={`What ${name} said of itself`}>
						{details.map(([key, value]) => (
							<li key={key} className="truncate" title={`${key}: ${value}`}>
								{key}: {value}
							</li>
						))}
					</ul>
				)}
			</td>
			{admin ? <td className="cell-address ticking">{addressOf(attendant)}</td> : null}
			<td className="cell-when" title={moment(attendant.connected_at, now, here())}>
				For {lengthWords(now - attendant.connected_at)}
				<span className="second">since {within(moment(attendant.connected_at, now, here()))}</span>
			</td>
			<td className="cell-channel">
				<Copyable label="Copy channel name" value={attendant.channel_name} />
			</td>
			<td className="cell-push">
				<PushBox channel={attendant.channel_name} name={name} />
			</td>
		</tr>
	);
}

/** "192.0.2.7:51213", "[2001:db8::7]:51213". */
export function addressOf({ ip, port }: Pick<Attendant, 'ip' | 'port'>): string {
	if (ip === '') return 'Not known';
	const host = ip.includes(':') ? `[${ip}]` : ip;
	return port > 0 ? `${host}:${port}` : host;
}

function PushBox({ channel, name }: { channel: string; name: string }) {
	const [info, setInfo] = useState('');
	const [delivered, setDelivered] = useState<boolean | null>(null);
	const { notify } = useContext(SessionContext);
	const { busy, failure, run } = useAction();
	const submit = (event: SyntheticEvent) => {
		event.preventDefault();
		if (info === '') return;
		setDelivered(null);
		run(async (signal) => {
			const arrived = await push(channel, info, signal);
			setDelivered(arrived);
			if (arrived) setInfo('');
			else notify({ tone: 'warning', text: `${name} is offline: it left before the message came.` });
		});
	};
	return (
		<form className="push" onSubmit={submit}>
			<input className="control" aria-label={`Message to ${name}`} placeholder={`Message to ${name}`} value={info} onChange={(event) => setInfo(event.currentTarget.value)} />
			<Button type="submit" disabled={busy || info === ''} aria-busy={busy} icon={<Send size={16} aria-hidden="true" />}>
				Send
			</Button>
			<p className="push-result" role="status">
				{failure !== null ? <State tone="danger">{failureWords(failure)}</State> : null}
				{delivered === true ? <State tone="good">Delivered</State> : null}
				{delivered === false ? <State tone="danger">Offline</State> : null}
			</p>
		</form>
	);
}

function Nobody() {
	const origin = location.origin.replace(/^http/, 'ws');
	return (
		<Empty icon={<Radio size={24} />} title="Nobody is waiting for messages">
			<p>Connect a client to this address. It is listed here at once, and you can send it text. Everything after the question mark is shown beside it.</p>
			<CopyLine label="Address to connect to" value={`${origin}/attendance/?my_id=bob`} />
		</Empty>
	);
}
