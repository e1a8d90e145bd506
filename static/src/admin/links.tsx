import { Link2, RotateCcw } from 'lucide-react';
import { useContext, useState } from 'react';
import type { SyntheticEvent } from 'react';
import { Button, Dialog, Select, Switch, TextField } from '../design';
import { moment, within } from './format';
import { makeLink, revokeLinks } from './live_api';
import type { JoinLink, LinkRole } from './live_api';
import type { Room } from './model';
import { CopyLine, here } from './parts';
import { useAction } from './poll';
import { FormFailure } from './reserve';
import { absolute } from './room_actions';
import { Choices } from './room_form';
import { SessionContext } from './session';
import { failureWords, titleOf } from './words';

/** The links into a room: its own two, and those made for a role. */
export function LinksCard({ room, onChange }: { room: Room; onChange: () => void }) {
	const [making, setMaking] = useState(false);
	const [revoking, setRevoking] = useState(false);
	return (
		<section className="card padded" aria-labelledby="links-title">
			<header className="card-head">
				<h2 id="links-title">Links</h2>
			</header>
			<CopyLine label="Meeting link" value={absolute(room.meeting_url)} hint={room.guest_role === 'audience' ? 'Who opens it watches and listens.' : 'Who opens it joins as a guest.'} />
			<CopyLine label="Host link" value={absolute(room.host_url)} hint="Who opens it may record, remove people and end the meeting." />
			<div className="card-do">
				<Button icon={<Link2 size={16} aria-hidden="true" />} onClick={() => setMaking(true)}>
					Make a link
				</Button>
				<Button icon={<RotateCcw size={16} aria-hidden="true" />} onClick={() => setRevoking(true)}>
					Revoke links
				</Button>
			</div>
			<Dialog open={making} title={`Make a link to “${titleOf(room)}”`} onClose={() => setMaking(false)}>
				{making ? <MakeForm room={room} onClose={() => setMaking(false)} /> : null}
			</Dialog>
			<Dialog open={revoking} title={`Revoke the links of “${titleOf(room)}”`} onClose={() => setRevoking(false)}>
				{revoking ? <RevokeForm room={room} onClose={() => setRevoking(false)} onChange={onChange} /> : null}
			</Dialog>
		</section>
	);
}

const ROLES: readonly Readonly<{ value: LinkRole; label: string }>[] = [
	{ value: 'speaker', label: 'Speaker' },
	{ value: 'audience', label: 'Audience' },
	{ value: 'host', label: 'Host' },
];

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

function MakeForm({ room, onClose }: { room: Room; onClose: () => void }) {
	const [role, setRole] = useState<LinkRole>('speaker');
	const [name, setName] = useState('');
	const [hours, setHours] = useState('');
	const [made, setMade] = useState<JoinLink | null>(null);
	const { busy, failure, run } = useAction();
	const submit = (event: SyntheticEvent) => {
		event.preventDefault();
		const expires = hours === '' ? {} : { expires_at: new Date(Date.now() + Number(hours) * 3_600_000).toISOString() };
		const named = name.trim() === '' ? {} : { name: name.trim() };
		run(async (signal) => setMade(await makeLink(room.id, { role, ...named, ...expires }, signal)));
	};
	if (made !== null) return <MadeLink link={made} onAgain={() => setMade(null)} onClose={onClose} />;
	return (
		<form className="form" onSubmit={submit}>
			<Choices legend="Who opens it is" name="role" value={role} options={ROLES} onPick={setRole} />
			<p className="form-note">{MAY[role]}</p>
			<TextField label="For whom" placeholder="Anybody" hint="With a name, who opens it has that name in the meeting." maxLength={64} value={name} onChange={(event) => setName(event.currentTarget.value)} />
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
			<CopyLine label={`Link for ${link.name === '' ? 'anybody' : link.name}, as ${link.role}`} value={absolute(link.url)} hint={`${who} can join ${until}. Copy it now: it is not kept, so it can’t be shown again.`} />
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
