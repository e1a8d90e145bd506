import { Link2, Link2Off, RotateCcw } from 'lucide-react';
import { useCallback, useContext, useState } from 'react';
import type { SyntheticEvent } from 'react';
import { Button, Dialog, IconButton, Select, Switch, TextField } from '../design';
import { moment, within } from './format';
import { linkWords, ROLE_WORDS } from './link_words';
import { listLinks, makeLink, revokeLink, revokeLinks } from './live_api';
import type { JoinLink, LinkRole } from './live_api';
import type { Room } from './model';
import { CopyButton, CopyLine, Failed, here } from './parts';
import { useAction, usePoll } from './poll';
import { FormFailure } from './reserve';
import { absolute } from './room_actions';
import { Choices } from './room_form';
import { SessionContext } from './session';
import { Sure } from './sure';
import type { Question } from './sure';
import { failureWords, titleOf } from './words';

/** How often the links are read, for when they were last used, in milliseconds. */
const EVERY_MS = 15_000;

/** The links into a room: its own two, and those made for a role. */
export function LinksCard({ room, onChange }: { room: Room; onChange: () => void }) {
	const [making, setMaking] = useState(false);
	const [revoking, setRevoking] = useState(false);
	const [ending, setEnding] = useState<JoinLink | null>(null);
	const load = useCallback((signal: AbortSignal) => listLinks(room.id, signal), [room.id]);
	const poll = usePoll(load, EVERY_MS);
	const changed = () => {
		poll.refresh();
		onChange();
	};
	return (
		<section className="card padded" aria-labelledby="links-title">
			<header className="card-head">
				<h2 id="links-title">Links</h2>
			</header>
			<CopyLine label="Meeting link" value={absolute(room.meeting_url)} hint={room.guest_role === 'audience' ? 'Who opens it watches and listens.' : 'Who opens it joins as a guest.'} />
			<CopyLine label="Host link" value={absolute(room.host_url)} hint="Who opens it may record, remove people and end the meeting." />
			{poll.data === null && poll.failure !== null && poll.failure.kind !== 'expired' ? <Failed title="The other links can’t be shown" failure={poll.failure} onRetry={poll.refresh} /> : null}
			{poll.data === null || poll.data.length === 0 ? null : <LinkList links={poll.data} now={poll.at} onRevoke={setEnding} />}
			<div className="card-do">
				<Button icon={<Link2 size={16} aria-hidden="true" />} onClick={() => setMaking(true)}>
					Make a link
				</Button>
				<Button icon={<RotateCcw size={16} aria-hidden="true" />} onClick={() => setRevoking(true)}>
					Revoke all
				</Button>
			</div>
			<Dialog open={making} title={`Make a link to “${titleOf(room)}”`} onClose={() => setMaking(false)}>
				{making ? <MakeForm room={room} onClose={() => setMaking(false)} onMade={poll.refresh} /> : null}
			</Dialog>
			<Dialog open={revoking} title={`Revoke the links of “${titleOf(room)}”`} onClose={() => setRevoking(false)}>
				{revoking ? <RevokeForm room={room} onClose={() => setRevoking(false)} onChange={changed} /> : null}
			</Dialog>
			<Sure question={ending === null ? null : revokeQuestion(room, ending)} onClose={() => setEnding(null)} onDone={poll.refresh} />
		</section>
	);
}

function LinkList({ links, now, onRevoke }: { links: readonly JoinLink[]; now: number; onRevoke: (link: JoinLink) => void }) {
	return (
		<ul className="files join-links" aria-label="Links made for a role">
			{links.map((link) => {
				const { name, made, until, used } = linkWords(link, now, here());
				return (
					<li key={link.id}>
						<span className="file-words">
							<span className="name">
								<span className="truncate" title={name}>
									{name}
								</span>
								<span className="tag">{ROLE_WORDS[link.role]}</span>
							</span>
							<span className="second" title={made}>
								{used}. {until}.
							</span>
						</span>
						<CopyButton text={absolute(link.url)} label={`Copy the link: ${name}`} />
						<IconButton label={`Revoke the link: ${name}`} icon={<Link2Off size={16} />} tip={{ align: 'end' }} onClick={() => onRevoke(link)} />
					</li>
				);
			})}
		</ul>
	);
}

function revokeQuestion(room: Room, link: JoinLink): Question {
	const { name } = linkWords(link, Date.now(), here());
	return {
		title: `Revoke “${name}”`,
		text: 'It lets nobody in any more, and those who came by it are sent out at once. The room’s other links go on. This can’t be undone.',
		action: 'Revoke link',
		done: `The link “${name}” was revoked.`,
		work: (signal) => revokeLink(room.id, link.id, signal),
	};
}

const ROLES = (['speaker', 'audience', 'host'] as const).map((value) => ({ value, label: ROLE_WORDS[value] }));

const MAY: Readonly<Record<LinkRole, string>> = {
	speaker: 'May speak and be seen. Needs no passcode, but waits in the lobby if there is one.',
	audience: 'May watch and listen. Needs no passcode, but waits in the lobby if there is one.',
	host: 'May record, remove people and end the meeting. Passes passcode, lobby and lock.',
};

/** How long a link can be made to last, in hours; "" is as long as the room. */
const LASTS = [
	{ value: '', label: 'As long as the room' },
	{ value: '1', label: 'One hour from now' },
	{ value: '24', label: 'A day from now' },
	{ value: '168', label: 'A week from now' },
];

function MakeForm({ room, onClose, onMade }: { room: Room; onClose: () => void; onMade: () => void }) {
	const [role, setRole] = useState<LinkRole>('speaker');
	const [name, setName] = useState('');
	const [label, setLabel] = useState('');
	const [hours, setHours] = useState('');
	const [made, setMade] = useState<JoinLink | null>(null);
	const { busy, failure, run } = useAction();
	const submit = (event: SyntheticEvent) => {
		event.preventDefault();
		const expires = hours === '' ? {} : { expires_at: new Date(Date.now() + Number(hours) * 3_600_000).toISOString() };
		const named = name.trim() === '' ? {} : { name: name.trim() };
		const labelled = label.trim() === '' ? {} : { label: label.trim() };
		run(async (signal) => {
			setMade(await makeLink(room.id, { role, ...named, ...labelled, ...expires }, signal));
			onMade();
		});
	};
	if (made !== null) return <MadeLink link={made} onAgain={() => setMade(null)} onClose={onClose} />;
	return (
		<form className="form" onSubmit={submit}>
			<Choices legend="Who opens it is" name="role" value={role} options={ROLES} onPick={setRole} />
			<p className="form-note">{MAY[role]}</p>
			<TextField label="For whom" placeholder="Anybody" hint="With a name, who opens it has that name in the meeting." maxLength={64} value={name} onChange={(event) => setName(event.currentTarget.value)} />
			<TextField label="Label" placeholder="None" hint="To tell your links apart; only those see it who look after the room." maxLength={100} value={label} onChange={(event) => setLabel(event.currentTarget.value)} />
			<Select label="Works" options={LASTS} value={hours} onPick={setHours} />
			<FormFailure words={failure === null ? null : failureWords(failure)} />
			<Button kind="filled" size="large" type="submit" disabled={busy} aria-busy={busy}>
				{busy ? 'Making…' : 'Make link'}
			</Button>
		</form>
	);
}

function MadeLink({ link, onAgain, onClose }: { link: JoinLink; onAgain: () => void; onClose: () => void }) {
	const who = link.name === '' ? 'Anybody with it' : link.name;
	const until = link.expires_at === 0 ? 'as long as the room is there' : `until ${within(moment(link.expires_at, Date.now(), here()))}`;
	return (
		<div className="form made">
			<CopyLine label={`Link for ${link.name === '' ? 'anybody' : link.name}, as ${link.role}`} value={absolute(link.url)} hint={`${who} can join ${until}. It stays in the room’s list of links, where you can revoke it.`} />
			<div className="made-do">
				<Button onClick={onAgain}>Make another</Button>
				<Button kind="filled" onClick={onClose}>
					Done
				</Button>
			</div>
		</div>
	);
}

function RevokeForm({ room, onClose, onChange }: { room: Room; onClose: () => void; onChange: () => void }) {
	const [send, setSend] = useState(false);
	const { notify } = useContext(SessionContext);
	const { busy, failure, run } = useAction();
	const revoke = () => {
		run(async (signal) => {
			await revokeLinks(room.id, send, signal);
			notify({ tone: 'good', text: 'All links were revoked. The room has a new host link.' });
			onChange();
			onClose();
		});
	};
	return (
		<div className="form">
			<p>Every link made for a role stops working, the host link too; the room gets a new one. The meeting link goes on: a passcode or the lobby closes that.</p>
			<Switch label="Send out who came by one" on={send} onChange={setSend} />
			<FormFailure words={failure === null ? null : failureWords(failure)} />
			<div className="made-do">
				<Button onClick={onClose}>Keep them</Button>
				<Button kind="danger" disabled={busy} aria-busy={busy} onClick={revoke}>
					Revoke all links
				</Button>
			</div>
		</div>
	);
}
