import { EllipsisVertical, Hand, Lock, LockOpen, MessageSquare, Mic, MicOff, MonitorUp, Video, VideoOff, Volume2 } from 'lucide-react';
import { useCallback, useContext, useId, useState } from 'react';
import type { ReactNode, SyntheticEvent } from 'react';
import { Avatar, Button, Dialog, IconButton, Menu } from '../design';
import type { MenuItem } from '../design';
import { listPeople } from './api';
import { RoomFigures } from './figures';
import { clock, lengthWords } from './format';
import { answerWaiter, listWaiting, message, moderate, moderateAll, remove } from './live_api';
import type { PersonAction, RoomAction } from './live_api';
import { crowdWords, offersFor } from './live_words';
import { Waiters } from './lobby';
import type { Door } from './lobby';
import type { Live, Person, Room, SourceName } from './model';
import { Failed, here, Stale } from './parts';
import { useAction, usePoll } from './poll';
import { FormFailure } from './reserve';
import { deliveryWords } from './push_words';
import { SessionContext } from './session';
import { Sure } from './sure';
import type { Question } from './sure';
import { failureWords, titleOf } from './words';

/** Mutes, hands and who waits are no events of the room, so people are looked at even while those are streamed. */
const EVERY_MS = 3000;

async function loadCrowd(id: string, signal: AbortSignal) {
	const [live, waiting] = await Promise.all([listPeople(id, signal), listWaiting(id, signal)]);
	return { ...live, waiting };
}

/** Who is in a room now and who waits to be, and what a host can do about it from here. */
export function LiveCard({ room, streamed }: { room: Room; streamed: boolean }) {
	const load = useCallback((signal: AbortSignal) => loadCrowd(room.id, signal), [room.id]);
	const poll = usePoll(load, EVERY_MS);
	const { notify } = useContext(SessionContext);
	const { busy, run } = useAction((failure) => notify({ tone: 'danger', text: failureWords(failure) }));
	const [writing, setWriting] = useState<Person | 'all' | null>(null);
	const [removing, setRemoving] = useState<Person | null>(null);
	const act = (work: (signal: AbortSignal) => Promise<unknown>, done: string) => {
		run(async (signal) => {
			await work(signal);
			notify({ tone: 'good', text: done });
			poll.refresh();
		});
	};
	const { data } = poll;
	const doers: Doers = {
		act: (person, action, done) => act((signal) => moderate(room.id, person.id, action, signal), done),
		write: setWriting,
		remove: setRemoving,
	};
	const door: Door = {
		admit: ({ id, name }) => act((signal) => answerWaiter(room.id, id, 'admit', signal), `${name} was let in.`),
		deny: ({ id, name }) => act((signal) => answerWaiter(room.id, id, 'deny', signal), `${name} was not let in.`),
		admitAll: () => act((signal) => moderateAll(room.id, 'admit_all', signal), 'All who waited were let in.'),
	};
	return (
		<section className="card padded live" aria-labelledby="live-title">
			<header className="card-head">
				<h2 id="live-title">In the meeting</h2>
				<p className="quiet" role="status">
					{data === null ? '' : crowdWords(data.participants.length, data.waiting.length)}
					{streamed ? ', live' : ''}
				</p>
			</header>
			<Stale poll={poll} />
			{data === null || data.participants.length === 0 ? null : <RoomFigures id={room.id} />}
			{data === null ? null : <Waiters waiters={data.waiting} now={poll.at} busy={busy} door={door} />}
			{data === null ? (
				poll.failure === null || poll.failure.kind === 'expired' ? (
					<p className="quiet">Looking who is in…</p>
				) : (
					<Failed title="Who is in can’t be shown" failure={poll.failure} onRetry={poll.refresh} />
				)
			) : data.participants.length === 0 ? (
				<p className="quiet">Nobody is in. {data.waiting.length === 0 ? 'Send the meeting link to those you want to meet.' : 'Those who wait can be let in from here.'}</p>
			) : (
				<>
					<RoomBar live={data} busy={busy} onAll={() => setWriting('all')} act={(action, done) => act((signal) => moderateAll(room.id, action, signal), done)} />
					<ul className="people" aria-label={`In ${titleOf(room)}`}>
						{data.participants.map((person) => (
							<PersonRow key={person.id} person={person} now={poll.at} doers={doers} />
						))}
					</ul>
				</>
			)}
			<MessageDialog room={room} to={writing} onClose={() => setWriting(null)} />
			<Sure question={removing === null ? null : removeQuestion(room, removing)} onClose={() => setRemoving(null)} onDone={poll.refresh} />
		</section>
	);
}

function RoomBar({ live, busy, onAll, act }: { live: Live; busy: boolean; onAll: () => void; act: (action: RoomAction, done: string) => void }) {
	return (
		<div className="live-bar">
			<Button disabled={busy} icon={<MicOff size={16} aria-hidden="true" />} onClick={() => act('mute_all', 'Everybody but hosts was muted.')}>
				Mute all
			</Button>
			<Button
				disabled={busy}
				aria-pressed={live.locked}
				icon={live.locked ? <LockOpen size={16} aria-hidden="true" /> : <Lock size={16} aria-hidden="true" />}
				onClick={() => act(live.locked ? 'unlock' : 'lock', live.locked ? 'The meeting is open to guests again.' : 'The meeting is locked. No new guest gets in.')}
			>
				{live.locked ? 'Unlock' : 'Lock'}
			</Button>
			<Button icon={<MessageSquare size={16} aria-hidden="true" />} onClick={onAll}>
				Message all
			</Button>
		</div>
	);
}

type Doers = Readonly<{ act: (person: Person, action: PersonAction, done: string) => void; write: (person: Person) => void; remove: (person: Person) => void }>;

function itemsFor(person: Person, doers: Doers): readonly MenuItem[] {
	return [
		...offersFor(person).map(({ action, label, done }): MenuItem => ({ kind: 'action', label, onPick: () => doers.act(person, action, done) })),
		{ kind: 'action', label: 'Write a message', onPick: () => doers.write(person) },
		{ kind: 'line' },
		{ kind: 'action', label: 'Remove from the meeting', tone: 'danger', onPick: () => doers.remove(person) },
	];
}

function PersonRow({ person, now, doers }: { person: Person; now: number; doers: Doers }) {
	return (
		<li className="person" data-away={!person.connected || undefined}>
			<Avatar name={person.name} seed={person.id} size="var(--target)" />
			<div className="person-words">
				<p className="person-name">
					<span className="truncate" title={person.name}>
						{person.name}
					</span>
					{person.role === 'host' ? <span className="tag">Host</span> : person.role === 'audience' ? <span className="tag">Audience</span> : null}
				</p>
				<p className="second">
					{person.connected ? 'In' : 'Connection lost, coming back; in'} since {clock(person.joined_at, here())}, {lengthWords(now - person.joined_at)}
				</p>
			</div>
			<Devices person={person} />
			<Menu label={`What to do with ${person.name}`} items={itemsFor(person, doers)} opener={(props) => <IconButton {...props} label={`Manage ${person.name}`} icon={<EllipsisVertical size={20} />} tip="none" />} />
		</li>
	);
}

function Devices({ person }: { person: Person }) {
	const of = (source: SourceName) => person.sources.find((other) => other.source === source);
	const on = (source: SourceName) => of(source)?.muted === false;
	return (
		<span className="devices">
			{person.hand > 0 ? <Device on words="Hand raised" icon={<Hand size={16} />} /> : null}
			<Device on={on('microphone')} words={of('microphone') === undefined ? 'No microphone' : on('microphone') ? 'Microphone on' : 'Muted'} icon={on('microphone') ? <Mic size={16} /> : <MicOff size={16} />} />
			<Device on={on('camera')} words={on('camera') ? 'Camera on' : 'Camera off'} icon={on('camera') ? <Video size={16} /> : <VideoOff size={16} />} />
			{of('screen') === undefined ? null : <Device on words="Shares the screen" icon={<MonitorUp size={16} />} />}
			{of('screen_audio') === undefined ? null : <Device on words="Shares the sound of the screen" icon={<Volume2 size={16} />} />}
		</span>
	);
}

function Device({ on, words, icon }: { on: boolean; words: string; icon: ReactNode }) {
	return (
		<span className="device" data-on={on || undefined} role="img" aria-label={words} title={words}>
			{icon}
		</span>
	);
}

function MessageDialog({ room, to, onClose }: { room: Room; to: Person | 'all' | null; onClose: () => void }) {
	const title = to === null ? '' : to === 'all' ? `Message everybody in “${titleOf(room)}”` : `Message ${to.name}`;
	return (
		<Dialog open={to !== null} title={title} onClose={onClose}>
			{to === null ? null : <MessageForm room={room} to={to} onClose={onClose} />}
		</Dialog>
	);
}

function MessageForm({ room, to, onClose }: { room: Room; to: Person | 'all'; onClose: () => void }) {
	const [text, setText] = useState('');
	const { notify } = useContext(SessionContext);
	const { busy, failure, run } = useAction();
	const submit = (event: SyntheticEvent) => {
		event.preventDefault();
		if (text.trim() === '') return;
		run(async (signal) => {
			const result = await message(room.id, to === 'all' ? '' : to.id, text.trim(), signal);
			const whole = result.queue_full + result.gone === 0;
			notify({ tone: whole && result.delivered > 0 ? 'good' : 'warning', text: deliveryWords(result) });
			onClose();
		});
	};
	return (
		<form className="form" onSubmit={submit}>
			<TextArea label="Message" hint="It is shown on top of the meeting, with your name." maxLength={1000} value={text} onChange={setText} />
			<FormFailure words={failure === null ? null : failureWords(failure)} />
			<Button kind="filled" size="large" type="submit" disabled={busy || text.trim() === ''} aria-busy={busy}>
				{busy ? 'Sending…' : 'Send message'}
			</Button>
		</form>
	);
}

/** Several lines of text with a label. */
export function TextArea(props: { label: string; hint?: string; error?: string | undefined; maxLength?: number; rows?: number; value: string; onChange: (value: string) => void }) {
	const { label, hint, error, rows = 3, value, onChange, ...rest } = props;
	const id = useId();
	const note = error ?? hint;
	return (
		<div className="field area">
			<label htmlFor={id}>{label}</label>
			<textarea
				{...rest}
				id={id}
				className="control"
				rows={rows}
				value={value}
				aria-invalid={error !== undefined || undefined}
				aria-describedby={note === undefined ? undefined : `${id}-note`}
				onChange={(event) => onChange(event.currentTarget.value)}
			/>
			{note === undefined ? null : (
				<p id={`${id}-note`} className={error === undefined ? 'hint' : 'error'}>
					{note}
				</p>
			)}
		</div>
	);
}

function removeQuestion(room: Room, { id, name }: Person): Question {
	return {
		title: `Remove ${name}`,
		text: 'They are told that a host removed them. They can join again by the link unless the meeting is locked.',
		action: 'Remove',
		done: `${name} was removed.`,
		work: (signal) => remove(room.id, id, signal),
	};
}
