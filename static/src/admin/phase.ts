import { away } from './format';
import type { Room } from './model';

/** Where a room is in its life. */
export type Phase = 'upcoming' | 'open' | 'ended' | 'cancelled';

/** Where a room is in its life at a moment. */
export function phaseOf(room: Pick<Room, 'start' | 'end'> & Partial<Pick<Room, 'cancelled'>>, now: number): Phase {
	if (room.cancelled === true) return 'cancelled';
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
	const next = (a: Room, b: Room) => (rank(a) === 2 ? a.start - b.start : rank(a) === 3 ? b.start - a.start : b.start - a.start);
	return [...rooms].sort((a, b) => rank(a) - rank(b) || next(a, b));
}

/** "Opens in 5 min", "Ends in 5 min", "Ended 2 h ago", "Cancelled". */
export function whenWords(room: Room, phase: Phase, now: number): string {
	switch (phase) {
		case 'upcoming':
			return `Opens ${away(room.start, now)}`;
		case 'open':
			return `Ends ${away(room.end, now)}`;
		case 'ended':
			return `Ended ${away(room.end, now)}`;
		case 'cancelled':
			return 'Cancelled';
	}
}
