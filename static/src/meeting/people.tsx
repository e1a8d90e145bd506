import { LoaderCircle, Mic, MicOff, MonitorUp, Video, VideoOff, X } from 'lucide-react';
import { useLayoutEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import { isHeard, sourceOf } from '../client';
import type { Levels, Meeting, Participant } from '../client';
import { Avatar, IconButton } from '../design';
import { CopyLink } from './invite';

export type PeoplePanelProps = Readonly<{ meeting: Meeting; levels: Levels; onClose: () => void }>;

/** Who is in the meeting and what they have on. */
export function PeoplePanel({ meeting, levels, onClose }: PeoplePanelProps) {
	const ref = useRef<HTMLElement>(null);
	useLayoutEffect(() => ref.current?.focus(), []);
	return (
		<aside ref={ref} className="panel" aria-label="Participants panel" tabIndex={-1}>
			<header>
				<h2>
					Participants <span className="quiet ticking">{meeting.participants.length}</span>
				</h2>
				<IconButton label="Close panel" icon={<X size={20} />} tip="none" onClick={onClose} />
			</header>
			<ul className="people">
				{[...meeting.participants]
					.sort((a, b) => Number(b.id === meeting.self) - Number(a.id === meeting.self))
					.map((participant) => (
						<Row key={participant.id} participant={participant} isSelf={participant.id === meeting.self} levels={levels} />
					))}
			</ul>
			<footer>
				<CopyLink />
			</footer>
		</aside>
	);
}

function Row({ participant, isSelf, levels }: { participant: Participant; isSelf: boolean; levels: Levels }) {
	const ref = useRef<HTMLLIElement>(null);
	const { id, name, role, connected } = participant;
	useLayoutEffect(() => (ref.current === null ? undefined : levels.bind(id, ref.current)), [levels, id]);
	const heard = isHeard(participant);
	const seen = sourceOf(participant, 'camera') !== undefined;
	return (
		<li ref={ref} className="person" data-connected={connected}>
			<span className="person-face">
				<Avatar name={name} seed={id} />
			</span>
			<span className="person-name">
				<span className="truncate">{isSelf ? `${name} (you)` : name}</span>
				{role === 'host' || !connected ? <span className="quiet person-role">{connected ? 'Host' : 'Reconnecting…'}</span> : null}
			</span>
			{connected ? null : <LoaderCircle size={20} className="spinning quiet" aria-hidden="true" />}
			{sourceOf(participant, 'screen') === undefined ? null : <Mark words="Sharing a screen" icon={<MonitorUp size={20} />} tone="accent" />}
			<Mark words={seen ? 'Camera on' : 'Camera off'} icon={seen ? <Video size={20} /> : <VideoOff size={20} />} tone={seen ? undefined : 'quiet'} />
			<Mark words={heard ? 'Microphone on' : 'Muted'} icon={heard ? <Mic size={20} /> : <MicOff size={20} />} tone={heard ? undefined : 'quiet'} />
		</li>
	);
}

function Mark({ words, icon, tone }: { words: string; icon: ReactNode; tone: 'accent' | 'quiet' | undefined }) {
	return (
		<span role="img" aria-label={words} title={words} className="mark" data-tone={tone}>
			{icon}
		</span>
	);
}
