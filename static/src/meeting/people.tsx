import { Hand, LoaderCircle, Lock, LockOpen, Mic, MicOff, MonitorUp, Search, Spotlight, Video, VideoOff, X } from 'lucide-react';
import { useLayoutEffect, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { handsUp, isHeard, sourceOf } from '../client';
import type { Levels, Meeting, Participant } from '../client';
import { Avatar, Button, IconButton, Switch } from '../design';
import { useWords } from '../words';
import type { Words } from '../words';
import { InviteButton } from './invite';
import { WaitersList } from './lobby';
import type { Door } from './lobby';
import { PersonMenu } from './person-menu';
import type { Choices } from './person-menu';
import { found } from './people-search';

export type PeoplePanelProps = Readonly<{
	meeting: Meeting;
	levels: Levels;
	choices: Choices;
	pinned: string | undefined;
	onInvite: () => void;
	onMuteAll: () => void;
	onLock: (on: boolean) => void;
	/** Lets in who waits. */
	door: Door;
	onClose: () => void;
}>;

/** From this many participants on, there is a field to search them by. */
const MANY = 8;

/** Who is in the meeting, whose hands are up, and what they have on. */
export function PeoplePanel({ meeting, levels, choices, pinned, onInvite, onMuteAll, onLock, door, onClose }: PeoplePanelProps) {
	const t = useWords();
	const ref = useRef<HTMLElement>(null);
	useLayoutEffect(() => ref.current?.focus(), []);
	const [query, setQuery] = useState('');
	const { participants, self } = meeting;
	const hands = query === '' ? handsUp(participants) : [];
	const shown = found(participants, self, query, ({ role }) => (role === 'host' ? t('people.host') : role === 'audience' ? t('people.audience') : '')).filter((participant) => !hands.includes(participant));
	const row = (participant: Participant, place?: number) => (
		<Row key={participant.id} participant={participant} isSelf={participant.id === self} place={place} levels={levels} choices={choices} pinned={pinned === participant.id} />
	);
	return (
		<aside ref={ref} className="panel" aria-label={t('people.panel')} tabIndex={-1}>
			<header>
				<h2>
					{t('people.title')} <span className="quiet ticking">{t.number(participants.length)}</span>
				</h2>
				<IconButton label={t('app.closePanel')} icon={<X size={20} />} tip="none" onClick={onClose} />
			</header>
			{choices.act === undefined ? null : (
				<div className="people-tools">
					<Button icon={<MicOff size={16} aria-hidden="true" />} disabled={participants.length < 2} onClick={onMuteAll}>
						{t('people.muteAll')}
					</Button>
					<Button
						icon={meeting.room.locked ? <LockOpen size={16} aria-hidden="true" /> : <Lock size={16} aria-hidden="true" />}
						onClick={() => onLock(!meeting.room.locked)}
					>
						{meeting.room.locked ? t('people.unlock') : t('people.lock')}
					</Button>
					<Switch label={t('lobby.switch')} on={meeting.room.lobby} onChange={door.setLobby} />
				</div>
			)}
			{participants.length < MANY && query === '' ? null : (
				<div className="people-search field">
					<Search size={16} aria-hidden="true" />
					<input className="control" type="search" placeholder={t('people.search')} aria-label={t('people.search')} value={query} onChange={(event) => setQuery(event.currentTarget.value)} />
				</div>
			)}
			<div className="people">
				{choices.act === undefined ? null : <WaitersList waiters={meeting.lobby} door={door} />}
				{hands.length === 0 ? null : (
					<section aria-label={t('people.hands')}>
						<h3 className="people-heading">
							{t('people.hands')} <span className="ticking">{t.number(hands.length)}</span>
						</h3>
						<ol>{hands.map((participant, index) => row(participant, index + 1))}</ol>
					</section>
				)}
				{hands.length === 0 || shown.length === 0 ? null : <h3 className="people-heading">{t('people.others')}</h3>}
				<ul aria-label={t('people.title')}>{shown.map((participant) => row(participant))}</ul>
				{shown.length + hands.length > 0 ? null : (
					<p className="panel-none quiet" role="status">
						{t('people.nobody')}
					</p>
				)}
			</div>
			<footer>
				<InviteButton onClick={onInvite} />
			</footer>
		</aside>
	);
}

type RowProps = Readonly<{
	participant: Participant;
	isSelf: boolean;
	/** Set in the list of raised hands: the place in it, from 1. */
	place: number | undefined;
	levels: Levels;
	choices: Choices;
	pinned: boolean;
}>;

function Row({ participant, isSelf, place, levels, choices, pinned }: RowProps) {
	const t = useWords();
	const ref = useRef<HTMLLIElement>(null);
	const { id, name, connected } = participant;
	useLayoutEffect(() => (ref.current === null ? undefined : levels.bind(id, ref.current)), [levels, id]);
	const heard = isHeard(participant);
	const seen = sourceOf(participant, 'camera') !== undefined;
	const quiet = quietWords(t, participant, place);
	return (
		<li ref={ref} className="person" data-connected={connected}>
			<span className="person-face">
				<Avatar name={name} seed={id} />
			</span>
			<span className="person-name">
				<span className="truncate">{isSelf ? t('app.you', { name }) : name}</span>
				{quiet === undefined ? null : <span className="quiet person-role">{quiet}</span>}
			</span>
			{connected ? null : <LoaderCircle size={20} className="spinning quiet" aria-hidden="true" />}
			{participant.hand === undefined || place !== undefined ? null : <Mark words={t('people.handRaised')} icon={<Hand size={20} />} tone="accent" />}
			{participant.spotlight === undefined ? null : <Mark words={t('people.spotlight')} icon={<Spotlight size={20} />} tone="accent" />}
			{sourceOf(participant, 'screen') === undefined ? null : <Mark words={t('people.sharing')} icon={<MonitorUp size={20} />} tone="accent" />}
			<Mark words={seen ? t('people.cameraOn') : t('people.cameraOff')} icon={seen ? <Video size={20} /> : <VideoOff size={20} />} tone={seen ? undefined : 'quiet'} />
			<Mark words={heard ? t('people.microphoneOn') : t('people.muted')} icon={heard ? <Mic size={20} /> : <MicOff size={20} />} tone={heard ? undefined : 'quiet'} />
			<PersonMenu participant={participant} isSelf={isSelf} pinned={pinned} choices={choices} />
		</li>
	);
}

/** What stands small under a name. */
function quietWords(t: Words, { role, connected }: Participant, place: number | undefined): string | undefined {
	if (!connected) return t('app.reconnecting');
	const host = role === 'host' ? [t('people.host')] : role === 'audience' ? [t('people.audience')] : [];
	if (place !== undefined) return [place === 1 ? t('people.next') : t('people.number', { place }), ...host].join(t('app.comma'));
	return host[0];
}

function Mark({ words, icon, tone }: { words: string; icon: ReactNode; tone: 'accent' | 'quiet' | undefined }) {
	return (
		<span role="img" aria-label={words} title={words} className="mark" data-tone={tone}>
			{icon}
		</span>
	);
}
