import { CalendarPlus, DoorOpen, SearchX } from 'lucide-react';
import { useCallback, useContext, useState } from 'react';
import { Button } from '../design';
import { listRooms } from './api';
import type { RoomQuery } from './api';
import { CalendarView } from './calendar_view';
import type { Room, RoomPage } from './model';
import { Columns, Empty, FilterSelect, Loaded, More, PageHead, SearchField } from './parts';
import { ServerFigures } from './figures';
import { listUsers } from './people_api';
import { inOrder } from './phase';
import { usePoll } from './poll';
import type { Poll } from './poll';
import { ReserveDialog } from './reserve';
import { useRoomDialogs } from './room_actions';
import { RoomRow } from './room_row';
import { matches, ROOMS } from './route';
import type { RoomFilter, Route } from './route';
import { Link, useRouter } from './router';
import { SessionContext } from './session';

const EVERY_MS = 4000;

type RoomsRoute = Route & { page: 'rooms' };

/** The rooms: as a list with filters, or in a calendar. */
export function RoomsPage({ route }: { route: RoomsRoute }) {
	const { user } = useContext(SessionContext);
	const [reserving, setReserving] = useState(false);
	const [made, setMade] = useState(0);
	return (
		<>
			<PageHead title="Rooms" lead={user.role === 'admin' ? 'Every room on this server.' : 'The rooms you reserved.'}>
				<Button kind="filled" icon={<CalendarPlus size={20} aria-hidden="true" />} onClick={() => setReserving(true)}>
					Reserve a room
				</Button>
			</PageHead>
			{user.role === 'admin' && route.view === 'list' ? <ServerFigures /> : null}
			<Filters route={route} />
			{route.view === 'list' ? <RoomsList key={made} route={route} onReserve={() => setReserving(true)} /> : <CalendarView key={made} route={route} view={route.view} />}
			<ReserveDialog open={reserving} onClose={() => setReserving(false)} onReserved={() => setMade((old) => old + 1)} />
		</>
	);
}

const STATES: readonly Readonly<{ value: RoomFilter; label: string }>[] = [
	{ value: 'current', label: 'Open and upcoming' },
	{ value: 'open', label: 'Open now' },
	{ value: 'coming', label: 'Upcoming' },
	{ value: 'ended', label: 'Ended' },
];

function Filters({ route }: { route: RoomsRoute }) {
	const { go } = useRouter();
	const { user } = useContext(SessionContext);
	const set = (change: Partial<RoomsRoute>) => go({ ...route, ...change }, true);
	return (
		<div className="filters">
			<nav className="segments" aria-label="How to show the rooms">
				{(['list', 'week', 'month'] as const).map((view) => (
					<Link key={view} to={{ ...route, view }} aria-current={route.view === view ? 'true' : undefined}>
						{{ list: 'List', week: 'Week', month: 'Month' }[view]}
					</Link>
				))}
			</nav>
			{route.view === 'list' ? <FilterSelect label="Which rooms" value={route.state} options={STATES} onPick={(state) => set({ state: STATES.find(({ value }) => value === state)?.value ?? 'current' })} /> : null}
			{user.role === 'admin' ? <CreatorFilter value={route.creator} onPick={(creator) => set({ creator })} /> : null}
			<SearchField label="Search rooms" value={route.search} onChange={(search) => set({ search })} />
		</div>
	);
}

function CreatorFilter({ value, onPick }: { value: string; onPick: (value: string) => void }) {
	const poll = usePoll(listUsers, null);
	const people = (poll.data ?? []).map(({ id, name }) => ({ value: String(id), label: name }));
	const known = value === '' || people.some((one) => one.value === value);
	return <FilterSelect label="Whose rooms" value={value} options={[{ value: '', label: 'Everybody’s' }, ...people, ...(known ? [] : [{ value, label: 'Somebody’s' }])]} onPick={onPick} />;
}

/** The first pages of a listing, as one. */
async function loadPages(filter: RoomFilter, creator: string, pages: number, signal: AbortSignal): Promise<RoomPage> {
	const now = Math.floor(Date.now() / 1000) * 1000;
	const query: RoomQuery = {
		state: filter === 'ended' ? 'ended' : 'open',
		...(filter === 'open' ? { before: now } : filter === 'coming' ? { from: now } : {}),
		...(/^\d{1,15}$/.test(creator) ? { creator: Number(creator) } : {}),
	};
	const rooms: Room[] = [];
	let next = '';
	for (let page = 0; page < pages; page++) {
		const answer = await listRooms({ ...query, after: next }, signal);
		rooms.push(...answer.rooms);
		next = answer.next;
		if (next === '') break;
	}
	return { rooms, next };
}

function RoomsList({ route: { state, creator, search }, onReserve }: { route: RoomsRoute; onReserve: () => void }) {
	const [pages, setPages] = useState(1);
	const load = useCallback((signal: AbortSignal) => loadPages(state, creator, pages, signal), [state, creator, pages]);
	const poll = usePoll(load, EVERY_MS);
	return (
		<Loaded poll={poll} title="The rooms can’t be shown" rows={4}>
			{(data) => (data.rooms.length === 0 ? <NoRooms state={state} creator={creator} onReserve={onReserve} /> : <RoomTable data={data} poll={poll} search={search} onMore={() => setPages(pages + 1)} />)}
		</Loaded>
	);
}

function RoomTable({ data, poll, search, onMore }: { data: RoomPage; poll: Poll<RoomPage>; search: string; onMore: () => void }) {
	const { ask, dialogs } = useRoomDialogs(poll.refresh);
	const rooms = inOrder(data.rooms, poll.at).filter((room) => matches(search, [room.title, room.creator.name, room.id, room.timezone]));
	return (
		<>
			{rooms.length === 0 ? (
				<Empty icon={<SearchX size={24} />} title="No room matches">
					<p>None of the {data.rooms.length} rooms shown has “{search}” in its name, host or id.</p>
				</Empty>
			) : (
				<div className="card">
					<table className="list rooms">
						<Columns of={['Room', 'Host', 'When', 'State']} />
						<tbody>
							{rooms.map((room) => (
								<RoomRow key={room.id} room={room} now={poll.at} ask={ask} />
							))}
						</tbody>
					</table>
				</div>
			)}
			{data.next === '' ? null : <More what="rooms" onMore={onMore} />}
			{dialogs}
		</>
	);
}

function NoRooms({ state, creator, onReserve }: { state: RoomFilter; creator: string; onReserve: () => void }) {
	if (creator !== '' || state === 'open' || state === 'coming') {
		return (
			<Empty icon={<DoorOpen size={24} />} title={state === 'open' ? 'No room is open now' : 'There is no such room'}>
				<p>Other rooms may be there without these filters.</p>
				<Link className="button" data-kind="outlined" to={ROOMS}>
					Show all rooms
				</Link>
			</Empty>
		);
	}
	if (state === 'ended') {
		return (
			<Empty icon={<DoorOpen size={24} />} title="No room has ended yet">
				<p>Rooms move here when their time is over or somebody ends the meeting.</p>
			</Empty>
		);
	}
	return (
		<Empty icon={<DoorOpen size={24} />} title="No rooms yet">
			<p>Reserve a room, then send its link to the people you want to meet. They need no account.</p>
			<Button icon={<CalendarPlus size={20} aria-hidden="true" />} onClick={onReserve}>
				Reserve a room
			</Button>
		</Empty>
	);
}
