import { ArrowLeft } from 'lucide-react';
import { useCallback } from 'react';
import { getRoom } from './api';
import { AttendanceTab } from './attendance';
import { lengthWords, span, spanThere } from './format';
import { LiveCard } from './live';
import { eventStreamUrl } from './live_api';
import { LinksCard } from './links';
import type { RecordingPolicy, Room } from './model';
import { Copyable, Fact, here, Loaded, PageHead } from './parts';
import { phaseOf, whenWords } from './phase';
import type { Phase } from './phase';
import { usePoll } from './poll';
import { RoomActions, useRoomDialogs } from './room_actions';
import { EventsTab } from './room_events';
import { RoomState } from './room_row';
import { RECORDINGS, ROOMS } from './route';
import type { RoomTab } from './route';
import { Link } from './router';
import { useStream } from './stream';
import { capital, countWords, titleOf } from './words';

/** How often the room is read: seldom while its events are streamed, in milliseconds. */
const EVERY_MS = { streamed: 15_000, alone: 4000 };

/** One room: what happens in it now, who was there, and what happened. */
export function RoomPage({ id, tab }: { id: string; tab: RoomTab }) {
	const load = useCallback(async (signal: AbortSignal) => (await getRoom(id, signal)).room, [id]);
	const first = usePoll(load, EVERY_MS.alone);
	const phase = first.data === null ? null : phaseOf(first.data, first.at);
	const streamed = useStream(phase === 'open' || phase === 'upcoming' ? eventStreamUrl(id) : null, first.refresh);
	return (
		<>
			<Link className="back" to={ROOMS}>
				<ArrowLeft size={16} aria-hidden="true" />
				All rooms
			</Link>
			{first.data === null ? <PageHead title="Room" /> : null}
			<Loaded poll={first} title="The room can’t be shown" rows={5}>
				{(room) => <Detail room={room} now={first.at} tab={tab} streamed={streamed} onChange={first.refresh} />}
			</Loaded>
		</>
	);
}

type DetailProps = { room: Room; now: number; tab: RoomTab; streamed: boolean; onChange: () => void };

const TABS: readonly Readonly<{ tab: RoomTab; label: string }>[] = [
	{ tab: 'now', label: 'Overview' },
	{ tab: 'attendance', label: 'Attendance' },
	{ tab: 'events', label: 'Events' },
];

function Detail({ room, now, tab, streamed, onChange }: DetailProps) {
	const phase = phaseOf(room, now);
	const { ask, dialogs } = useRoomDialogs(onChange);
	const end = phase === 'cancelled' ? room.start + room.duration * 60_000 : room.end;
	return (
		<>
			<PageHead title={titleOf(room)} lead={<span title={spanThere(room.start, end, room.timezone, here().locale)}>{span(room.start, end, now, here())}</span>}>
				<RoomActions room={room} phase={phase} ask={ask} wide />
			</PageHead>
			<nav className="tabs" aria-label="What of the room">
				{TABS.map((one) => (
					<Link key={one.tab} to={{ page: 'room', id: room.id, tab: one.tab }} aria-current={one.tab === tab ? 'page' : undefined}>
						{one.label}
					</Link>
				))}
				<Link to={{ ...RECORDINGS, room: room.id }}>Recordings</Link>
			</nav>
			{tab === 'now' ? <Overview room={room} phase={phase} now={now} streamed={streamed} onChange={onChange} /> : null}
			{tab === 'attendance' ? <AttendanceTab room={room} live={phase === 'open'} /> : null}
			{tab === 'events' ? <EventsTab room={room} live={phase === 'open' || phase === 'upcoming'} /> : null}
			{dialogs}
		</>
	);
}

function Overview({ room, phase, now, streamed, onChange }: { room: Room; phase: Phase; now: number; streamed: boolean; onChange: () => void }) {
	return (
		<div className="overview">
			{phase === 'open' ? <LiveCard room={room} streamed={streamed} /> : null}
			<div className="overview-side">
				<FactsCard room={room} phase={phase} now={now} />
				{phase === 'open' || phase === 'upcoming' ? <LinksCard room={room} onChange={onChange} /> : null}
			</div>
		</div>
	);
}

const POLICY: Readonly<Record<RecordingPolicy, string>> = {
	manual: 'When a host starts it',
	automatic: 'From the first who enters',
	voice: 'When a host starts it, voices only',
	off: 'Never',
};

function FactsCard({ room, phase, now }: { room: Room; phase: Phase; now: number }) {
	return (
		<section className="card padded" aria-label="About this room">
			<header className="card-head">
				<h2>About</h2>
				<span className="states">
					<RoomState room={room} phase={phase} />
				</span>
			</header>
			<dl className="facts">
				<Fact name="Host">{room.creator.name}</Fact>
				{phase === 'cancelled' ? null : <Fact name={whenWords(room, phase, now).split(' ')[0] ?? ''}>{capital(whenWords(room, phase, now).split(' ').slice(1).join(' '))}</Fact>}
				<Fact name="Lasts">{lengthWords(room.duration * 60_000)}</Fact>
				<Fact name="There">{spanThere(room.start, phase === 'cancelled' ? room.start + room.duration * 60_000 : room.end, room.timezone, here().locale)}</Fact>
				<Fact name="Guests">{guestWords(room)}</Fact>
				<Fact name="Way in">{wayIn(room)}</Fact>
				<Fact name="Recorded">{POLICY[room.recording_policy]}</Fact>
				<Fact name="Room id">
					<Copyable label="Copy room id" value={room.id} />
				</Fact>
			</dl>
		</section>
	);
}

/** What guests may, in words. */
export function guestWords({ guest_role, audience_may, capacity }: Pick<Room, 'guest_role' | 'audience_may' | 'capacity'>): string {
	const most = capacity === 0 ? '' : ` At most ${countWords(capacity, 'person', 'people')} at once.`;
	if (guest_role === 'speaker') return `Speak and are seen.${most}`;
	const may = audience_may.map((right) => ({ chat: 'chat', hand: 'raise a hand', reaction: 'react' })[right]);
	return `Watch and listen${may.length === 0 ? '' : `; may ${new Intl.ListFormat('en-GB').format(may)}`}.${most}`;
}

/** What stands between a guest and the room, in words. */
export function wayIn({ has_passcode, lobby }: Pick<Room, 'has_passcode' | 'lobby'>): string {
	if (has_passcode && lobby) return 'Link and passcode, then a host lets them in';
	if (has_passcode) return 'Link and passcode';
	return lobby ? 'Link, then a host lets them in' : 'Link';
}

