import { CalendarPlus, DoorOpen, SearchX } from 'lucide-react';
import { useCallback, useContext, useState } from 'react';
import { Button } from '../design';
import { endRoom, listRooms } from './api';
import type { Room, RoomPage } from './model';
import { Danger, Empty, Loaded, PageHead, SearchField } from './parts';
import { useAction, usePoll } from './poll';
import type { Poll } from './poll';
import { ReserveDialog } from './reserve';
import { inOrder, RoomRow } from './room_row';
import { matches } from './route';
import { Link, useRouter } from './router';
import { SessionContext } from './session';
import { failureWords, peopleWords, titleOf } from './words';

const EVERY_MS = 4000;

/** The rooms: those open or to come, or those that ended. */
export function RoomsPage({ state, search }: { state: 'open' | 'ended'; search: string }) {
	const { go } = useRouter();
	const { user } = useContext(SessionContext);
	const [pages, setPages] = useState(1);
	const [reserving, setReserving] = useState(false);
	const load = useCallback((signal: AbortSignal) => loadPages(state, pages, signal), [state, pages]);
	const poll = usePoll(load, EVERY_MS);
	return (
		<>
			<PageHead title="Rooms" lead={user.role === 'admin' ? 'Every room on this server.' : 'The rooms you reserved.'}>
				<Button kind="filled" icon={<CalendarPlus size={20} aria-hidden="true" />} onClick={() => setReserving(true)}>
					Reserve a room
				</Button>
			</PageHead>
			<div className="filters">
				<div className="segments">
					<Link to={{ page: 'rooms', state: 'open', search }} aria-current={state === 'open' ? 'true' : undefined}>
						Open and upcoming
					</Link>
					<Link to={{ page: 'rooms', state: 'ended', search }} aria-current={state === 'ended' ? 'true' : undefined}>
						Ended
					</Link>
				</div>
				<SearchField label="Search rooms" value={search} onChange={(value) => go({ page: 'rooms', state, search: value }, true)} />
			</div>
			<Loaded poll={poll} title="The rooms can’t be shown" rows={4}>
				{(data) => <RoomList data={data} poll={poll} state={state} search={search} onReserve={() => setReserving(true)} onMore={() => setPages(pages + 1)} />}
			</Loaded>
			<ReserveDialog open={reserving} onClose={() => setReserving(false)} onReserved={poll.refresh} />
		</>
	);
}

/** The first pages of a listing, as one. */
async function loadPages(state: 'open' | 'ended', pages: number, signal: AbortSignal): Promise<RoomPage> {
	const rooms: Room[] = [];
	let next = '';
	for (let page = 0; page < pages; page++) {
		const answer = await listRooms({ state, after: next }, signal);
		rooms.push(...answer.rooms);
		next = answer.next;
		if (next === '') break;
	}
	return { rooms, next };
}

type RoomListProps = {
	data: RoomPage;
	poll: Poll<RoomPage>;
	state: 'open' | 'ended';
	search: string;
	onReserve: () => void;
	onMore: () => void;
};

function RoomList({ data, poll, state, search, onReserve, onMore }: RoomListProps) {
	const [ending, setEnding] = useState<Room | null>(null);
	const rooms = inOrder(data.rooms, poll.at).filter((room) => matches(search, [room.title, room.creator.name, room.id, room.timezone]));
	if (data.rooms.length === 0) return <NoRooms state={state} onReserve={onReserve} />;
	return (
		<>
			{rooms.length === 0 ? (
				<Empty icon={<SearchX size={24} />} title="No room matches">
					<p>None of the {data.rooms.length} rooms shown has “{search}” in its name, host or id.</p>
				</Empty>
			) : (
				<div className="card">
					<table className="list rooms">
						<thead>
							<tr>
								<th scope="col">Room</th>
								<th scope="col">Host</th>
								<th scope="col">When</th>
								<th scope="col">State</th>
								<th scope="col">
									<span className="unseen">Actions</span>
								</th>
							</tr>
						</thead>
						{rooms.map((room) => (
							<RoomRow key={room.id} room={room} now={poll.at} onEnd={() => setEnding(room)} />
						))}
					</table>
				</div>
			)}
			{data.next === '' ? null : (
				<p className="more">
					<Button onClick={onMore}>Show more rooms</Button>
				</p>
			)}
			<EndDialog room={ending} onClose={() => setEnding(null)} onEnded={poll.refresh} />
		</>
	);
}

function NoRooms({ state, onReserve }: { state: 'open' | 'ended'; onReserve: () => void }) {
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

function EndDialog({ room, onClose, onEnded }: { room: Room | null; onClose: () => void; onEnded: () => void }) {
	const { notify } = useContext(SessionContext);
	const { busy, failure, run, forget } = useAction();
	const close = () => {
		forget();
		onClose();
	};
	const end = () => {
		if (room === null) return;
		run(async (signal) => {
			await endRoom(room.id, signal);
			notify({ tone: 'good', text: `“${titleOf(room)}” has ended.` });
			onEnded();
			onClose();
		});
	};
	const inside = room === null || room.participants === 0 ? 'Nobody is in it now.' : `${capital(peopleWords(room.participants))} will be sent out.`;
	const recorded = room?.recording === true ? ' The recording stops and is kept.' : '';
	return (
		<Danger
			open={room !== null}
			title={room === null ? '' : `End “${titleOf(room)}”`}
			text={`${inside}${recorded} Its links stop working at once. This can’t be undone.`}
			action="End meeting"
			busy={busy}
			error={failure === null ? null : failureWords(failure)}
			onConfirm={end}
			onClose={close}
		/>
	);
}

function capital(text: string): string {
	return text.slice(0, 1).toUpperCase() + text.slice(1);
}
