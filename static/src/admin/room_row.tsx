import { ChevronRight, CircleX, EllipsisVertical, ExternalLink, Link2, Mic, MicOff, MonitorUp, Video, VideoOff, Volume2 } from 'lucide-react';
import { useCallback, useContext, useId, useState } from 'react';
import type { ReactNode } from 'react';
import { Avatar, IconButton, Menu } from '../design';
import type { MenuItem } from '../design';
import { listPeople } from './api';
import { copyText } from './clipboard';
import { away, clock, lengthWords, span, spanThere } from './format';
import type { Person, Room, SourceName } from './model';
import { CopyButton, Copyable, Failed, here, State } from './parts';
import { usePoll } from './poll';
import { Link, useRouter } from './router';
import { SessionContext } from './session';
import { peopleWords, titleOf } from './words';

const EVERY_MS = 3000;

/** Where a room is in its life. */
export type Phase = 'upcoming' | 'open' | 'ended';

/** Where a room is in its life at a moment. */
export function phaseOf(room: Pick<Room, 'start' | 'end'>, now: number): Phase {
	if (now < room.start) return 'upcoming';
	return now < room.end ? 'open' : 'ended';
}

/** Open rooms first, those with people before empty ones, then what comes next; ended ones latest first. */
export function inOrder(rooms: readonly Room[], now: number): readonly Room[] {
	const rank = (room: Room) => {
		const phase = phaseOf(room, now);
		if (phase === 'open') return room.participants > 0 ? 0 : 1;
		return phase === 'upcoming' ? 2 : 3;
	};
	const next = (a: Room, b: Room) => (rank(a) === 2 ? a.start - b.start : rank(a) === 3 ? b.end - a.end : b.start - a.start);
	return [...rooms].sort((a, b) => rank(a) - rank(b) || next(a, b));
}

/** The address to send for a path on this server. */
function absolute(path: string): string {
	return new URL(path, location.origin).href;
}

/** A room in its list: one line to read, more when it is opened. */
export function RoomRow({ room, now, onEnd }: { room: Room; now: number; onEnd: () => void }) {
	const [open, setOpen] = useState(false);
	const id = useId();
	const place = here();
	const phase = phaseOf(room, now);
	const there = spanThere(room.start, room.end, room.timezone, place.locale);
	return (
		<tbody data-open={open || undefined}>
			<tr>
				<td className="cell-main">
					<button type="button" className="opener" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
						<ChevronRight size={16} aria-hidden="true" />
						<span className="name">{titleOf(room)}</span>
					</button>
				</td>
				<td className="cell-who">
					<span className="truncate" title={room.creator.name}>
						{room.creator.name}
					</span>
				</td>
				<td className="cell-when" title={there}>
					{span(room.start, room.end, now, place)}
					<span className="second">{whenWords(room, phase, now)}</span>
				</td>
				<td className="cell-state">
					<RoomState room={room} phase={phase} />
				</td>
				<td className="cell-do">
					<RoomActions room={room} phase={phase} onEnd={onEnd} />
				</td>
			</tr>
			<tr className="detail" id={id} hidden={!open}>
				<td colSpan={5}>{open ? <RoomDetail room={room} phase={phase} now={now} there={there} /> : null}</td>
			</tr>
		</tbody>
	);
}

function whenWords(room: Room, phase: Phase, now: number): string {
	switch (phase) {
		case 'upcoming':
			return `Opens ${away(room.start, now)}`;
		case 'open':
			return `Ends ${away(room.end, now)}`;
		case 'ended':
			return `Ended ${away(room.end, now)}`;
	}
}

function RoomState({ room, phase }: { room: Room; phase: Phase }) {
	if (phase === 'ended') return <State tone="quiet">Ended</State>;
	if (phase === 'upcoming') return <State tone="quiet">Not open yet</State>;
	return (
		<>
			<State tone={room.participants > 0 ? 'good' : 'quiet'}>{room.participants > 0 ? `${peopleWords(room.participants)} in` : 'Nobody in'}</State>
			{room.recording ? <State tone="live">Recording</State> : null}
		</>
	);
}

function RoomActions({ room, phase, onEnd }: { room: Room; phase: Phase; onEnd: () => void }) {
	const { go } = useRouter();
	const { notify } = useContext(SessionContext);
	const copy = (what: string, path: string) => {
		copyText(absolute(path)).then(
			() => notify({ tone: 'good', text: `${what} copied.` }),
			() => notify({ tone: 'danger', text: 'Your browser did not allow copying. Open the row and copy the link by hand.' }),
		);
	};
	const seeRecordings: MenuItem = {
		kind: 'action',
		label: 'Show recordings',
		icon: <Video size={16} aria-hidden="true" />,
		onPick: () => go({ page: 'recordings', room: room.id, search: '' }),
	};
	const items: MenuItem[] = [seeRecordings];
	if (phase !== 'ended') {
		const icon = <Link2 size={16} aria-hidden="true" />;
		items.unshift(
			{ kind: 'action', label: 'Copy meeting link', icon, onPick: () => copy('Meeting link', room.meeting_url) },
			{ kind: 'action', label: 'Copy host link', icon, onPick: () => copy('Host link', room.host_url) },
		);
		items.push({ kind: 'line' }, { kind: 'action', label: 'End meeting', icon: <CircleX size={16} aria-hidden="true" />, tone: 'danger', onPick: onEnd });
	}
	return (
		<div className="actions">
			{phase === 'open' ? (
				<a className="button" data-kind="outlined" href={room.host_url} target="_blank" rel="noopener" aria-label={`Open ${titleOf(room)} as host`}>
					<ExternalLink size={16} aria-hidden="true" />
					Open as host
				</a>
			) : null}
			{phase === 'open' ? <CopyButton text={absolute(room.meeting_url)} label="Copy meeting link" /> : null}
			{phase === 'upcoming' ? <CopyButton text={absolute(room.meeting_url)} label="Copy meeting link" words="Copy link" /> : null}
			<Menu
				label={`Actions for ${titleOf(room)}`}
				items={items}
				opener={(props) => <IconButton {...props} label={`More for ${titleOf(room)}`} icon={<EllipsisVertical size={20} />} tip="none" />}
			/>
		</div>
	);
}

function RoomDetail({ room, phase, now, there }: { room: Room; phase: Phase; now: number; there: string }) {
	return (
		<div className="room-detail">
			{phase === 'open' ? <People room={room} now={now} /> : null}
			<dl className="facts">
				{phase === 'ended' ? null : (
					<>
						<Fact name="Meeting link">
							<Copyable label="Copy meeting link" value={absolute(room.meeting_url)} />
						</Fact>
						<Fact name="Host link">
							<Copyable label="Copy host link" value={absolute(room.host_url)} />
						</Fact>
					</>
				)}
				<Fact name="There">{there}</Fact>
				<Fact name="Reserved for">{lengthWords(room.duration * 60_000)}</Fact>
				<Fact name="Room id">
					<Copyable label="Copy room id" value={room.id} />
				</Fact>
				<Fact name="Recordings">
					<Link to={{ page: 'recordings', room: room.id, search: '' }}>Show those of this room</Link>
				</Fact>
			</dl>
		</div>
	);
}

/** A line of a list of facts. */
export function Fact({ name, children }: { name: string; children: ReactNode }) {
	return (
		<div>
			<dt>{name}</dt>
			<dd>{children}</dd>
		</div>
	);
}

function People({ room, now }: { room: Room; now: number }) {
	const load = useCallback((signal: AbortSignal) => listPeople(room.id, signal), [room.id]);
	const poll = usePoll(load, EVERY_MS);
	if (poll.data === null) {
		if (poll.failure === null || poll.failure.kind === 'expired') return <p className="quiet people-none">Looking who is in…</p>;
		return <Failed title="Who is in can’t be shown" failure={poll.failure} onRetry={poll.refresh} />;
	}
	if (poll.data.length === 0) return <p className="quiet people-none">Nobody is in. Send the meeting link to those you want to meet.</p>;
	return (
		<ul className="people" aria-label={`In ${titleOf(room)}`}>
			{poll.data.map((person) => (
				<PersonRow key={person.id} person={person} now={Math.max(now, poll.at)} />
			))}
		</ul>
	);
}

function PersonRow({ person, now }: { person: Person; now: number }) {
	const place = here();
	return (
		<li className="person" data-away={!person.connected || undefined}>
			<Avatar name={person.name} seed={person.id} size="var(--target)" />
			<div className="person-words">
				<p className="person-name">
					<span className="truncate">{person.name}</span>
					{person.role === 'host' ? <span className="tag">Host</span> : null}
				</p>
				<p className="second">
					{person.connected ? 'In' : 'Connection lost, coming back; in'} since {clock(person.joined_at, place)}, {lengthWords(now - person.joined_at)}
				</p>
			</div>
			<Devices person={person} />
		</li>
	);
}

function Devices({ person }: { person: Person }) {
	const of = (source: SourceName) => person.sources.find((other) => other.source === source);
	const on = (source: SourceName) => of(source)?.muted === false;
	return (
		<span className="devices">
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
