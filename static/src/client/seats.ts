import type { Seat, Seats, Source } from './protocol.gen';

/**
 * What one seat may show. A picture is shown only from the first frame that is
 * known to belong to who sits there, never a frame of somebody else before.
 */
export type SeatState = Readonly<{
	participant: string | undefined;
	source: Source | undefined;
	/** The server forwards a picture to this seat. */
	video: boolean;
	/** RTP timestamp of this occupant's first frame, once known. */
	from: number | undefined;
	/** A frame at or after from has been on screen, so what follows is this occupant's too. */
	proven: boolean;
	/** RTP timestamp of the last frame since this occupant came, shown or not. */
	lastFrame: number | undefined;
	/** The picture may be seen now. */
	visible: boolean;
}>;

/** All seats of a connection by index. */
export type SeatTable = readonly SeatState[];

const EMPTY: SeatState = {
	participant: undefined,
	source: undefined,
	video: false,
	from: undefined,
	proven: false,
	lastFrame: undefined,
	visible: false,
};

/** The table of a new connection: count free seats. */
export function freeSeats(count: number): SeatTable {
	return Array.from({ length: count }, () => EMPTY);
}

/** The table after the connection got more seats. */
export function growSeats(table: SeatTable, count: number): SeatTable {
	return [...table, ...freeSeats(Math.max(0, count - table.length))];
}

/** The table after a seats message. A seat whose occupant changed is hidden and must prove itself anew. */
export function applySeats(table: SeatTable, message: Seats): SeatTable {
	const rows = new Map(message.seats.map((row) => [row.seat, row]));
	return table.map((state, index) => applySeat(state, rows.get(index)));
}

/** The table after a frame of a seat's picture came up for display. */
export function frameSeen(table: SeatTable, seat: number, rtpTimestamp: number): SeatTable {
	return table.map((state, index) => (index === seat ? judge({ ...state, lastFrame: rtpTimestamp }, true) : state));
}

/** The seats whose picture was visible in before and is not in after. */
export function hiddenBetween(before: SeatTable, after: SeatTable): number[] {
	return before.flatMap((state, index) => (state.visible && after[index]?.visible !== true ? [index] : []));
}

/** The seat that shows a participant's source, or undefined when none does. */
export function seatOf(table: SeatTable, participant: string, source: Source): number | undefined {
	const index = table.findIndex((state) => state.participant === participant && state.source === source);
	return index === -1 ? undefined : index;
}

/** True when RTP timestamp a is at or after b on the 32-bit circle (RFC 3550 section 5.1; the half ahead counts as after). */
export function atOrAfter(a: number, b: number): boolean {
	return ((a - b) | 0) >= 0;
}

function applySeat(state: SeatState, row: Seat | undefined): SeatState {
	const participant = row?.participant === '' ? undefined : row?.participant;
	if (row === undefined || participant === undefined) return EMPTY;
	const same = participant === state.participant && row.source === state.source;
	if (!same) {
		// A timestamp of the one before is forgotten: hours later it could lie on the wrong half of the circle.
		return { ...EMPTY, participant, source: row.source, video: row.video, from: row.from };
	}
	const resumed = row.video && !state.video; // the last frame is old: wait for the next
	return judge({ ...state, video: row.video, from: row.from ?? state.from, visible: state.visible && row.video }, !resumed && row.video);
}

/** Settles whether the picture may be seen; fresh says that lastFrame is what the element shows now. */
function judge(state: SeatState, fresh: boolean): SeatState {
	const { from, lastFrame, video } = state;
	const reached = from !== undefined && lastFrame !== undefined && atOrAfter(lastFrame, from);
	const proven = state.proven || (video && reached);
	return { ...state, proven, visible: video && proven && (fresh || state.visible) };
}
