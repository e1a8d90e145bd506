import { KeyRound, UserRoundCheck } from 'lucide-react';
import { span, spanThere } from './format';
import type { Room } from './model';
import { here, State } from './parts';
import { phaseOf, whenWords } from './phase';
import type { Phase } from './phase';
import { RoomActions } from './room_actions';
import type { Asking } from './room_actions';
import { Link } from './router';
import { peopleWords, titleOf } from './words';

/** A room in its list: one line to read, and its page behind its name. */
export function RoomRow({ room, now, ask }: { room: Room; now: number; ask: (asking: Asking) => void }) {
	const place = here();
	const phase = phaseOf(room, now);
	return (
		<tr>
			<td className="cell-main">
				<Link className="name" to={{ page: 'room', id: room.id, tab: 'now' }}>
					{titleOf(room)}
				</Link>
				<RoomRules room={room} />
			</td>
			<td className="cell-who">
				<span className="truncate" title={room.creator.name}>
					{room.creator.name}
				</span>
			</td>
			<td className="cell-when" title={spanThere(room.start, room.end, room.timezone, place.locale)}>
				{phase === 'cancelled' ? span(room.start, room.start + room.duration * 60_000, now, place) : span(room.start, room.end, now, place)}
				{phase === 'cancelled' ? null : <span className="second">{whenWords(room, phase, now)}</span>}
			</td>
			<td className="cell-state">
				<RoomState room={room} phase={phase} />
			</td>
			<td className="cell-do">
				<RoomActions room={room} phase={phase} ask={ask} />
			</td>
		</tr>
	);
}

/** What keeps people out, as small signs with words. */
function RoomRules({ room }: { room: Room }) {
	if (!room.has_passcode && !room.lobby) return null;
	return (
		<span className="second rules">
			{room.has_passcode ? (
				<span>
					<KeyRound size={12} aria-hidden="true" /> Passcode
				</span>
			) : null}
			{room.lobby ? (
				<span>
					<UserRoundCheck size={12} aria-hidden="true" /> Lobby
				</span>
			) : null}
		</span>
	);
}

/** How a room stands. */
export function RoomState({ room, phase }: { room: Room; phase: Phase }) {
	if (phase === 'cancelled') return <State tone="quiet">Cancelled</State>;
	if (phase === 'ended') return <State tone="quiet">Ended</State>;
	if (phase === 'upcoming') return <State tone="quiet">Not open yet</State>;
	return (
		<>
			<State tone={room.participants > 0 ? 'good' : 'quiet'}>{room.participants > 0 ? `${peopleWords(room.participants)} in` : 'Nobody in'}</State>
			{room.recording ? <State tone="live">Recording</State> : null}
		</>
	);
}
