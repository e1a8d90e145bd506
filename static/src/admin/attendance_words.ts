import type { Attendance, RoomEvent, Visit } from './live_api';

/** "0 min", "12 min", "1 h 5 min" from minutes with a fraction. */
export function minutesWords(minutes: number): string {
	const whole = Math.round(minutes);
	if (whole === 0 && minutes > 0) return 'under 1 min';
	return whole < 60 ? `${whole} min` : `${Math.floor(whole / 60)} h${whole % 60 === 0 ? '' : ` ${whole % 60} min`}`;
}

/** How a visit ended, in words; "" while it lasts. */
export function leftWords({ left, reason }: Pick<Visit, 'left' | 'reason'>): string {
	if (left === 0) return 'Still there';
	switch (reason) {
		case 'left':
			return 'Left';
		case 'removed':
			return 'Removed by a host';
		case 'lost':
			return 'Connection lost';
		case 'ended':
			return 'Meeting ended';
		case 'shutdown':
			return 'Server shut down';
		case 'crash':
			return 'Server failed';
		default:
			return 'Gone';
	}
}

/** What an attendance report adds up to. */
export function totals({ people, visits }: Attendance): Readonly<{ people: number; visits: number; minutes: number; there: number }> {
	return {
		people: people.length,
		visits: visits.length,
		minutes: people.reduce((sum, { minutes }) => sum + minutes, 0),
		there: visits.filter(({ left }) => left === 0).length,
	};
}

/** What happened, as a sentence without its end. */
export function eventWords(event: RoomEvent): string {
	const who = event.name === '' ? 'Somebody' : event.name;
	const by = event.by === '' ? '' : ` by ${event.by}`;
	switch (event.type) {
		case 'room.reserved':
			return `Room reserved${by}`;
		case 'room.changed':
			return `Room changed${by}`;
		case 'room.extended':
			return `Room extended${by}`;
		case 'room.ended':
			return event.by === '' ? 'Room ended, its time was over' : `Room ended${by}`;
		case 'room.cancelled':
			return `Room cancelled${by}`;
		case 'room.locked':
			return `Meeting locked${by}`;
		case 'room.unlocked':
			return `Meeting unlocked${by}`;
		case 'meeting.started':
			return 'Meeting began';
		case 'meeting.ended':
			return 'Meeting over';
		case 'participant.joined':
			return `${who} joined${event.role === '' ? '' : ` as ${event.role}`}`;
		case 'participant.media_up':
			return `Sound and picture of ${who} flow`;
		case 'participant.interrupted':
			return `The connection of ${who} broke off`;
		case 'participant.resumed':
			return `${who} is back`;
		case 'participant.role_changed':
			return `${who} became ${event.role === '' ? 'something else' : event.role}${by}`;
		case 'participant.left':
			return leaving(event, who);
		case 'recording.started':
			return `Recording started${by}`;
		case 'recording.paused':
			return `Recording paused${by}`;
		case 'recording.resumed':
			return `Recording resumed${by}`;
		case 'recording.stopped':
			return `Recording stopped${by}`;
		default:
			return event.type.replaceAll(/[._]/g, ' ');
	}
}

function leaving(event: RoomEvent, who: string): string {
	switch (event.reason) {
		case 'removed':
			return `${who} was removed${event.by === '' ? '' : ` by ${event.by}`}`;
		case 'lost':
			return `${who} was lost: the connection did not come back`;
		case 'ended':
			return `${who} left, the meeting ended`;
		case 'shutdown':
		case 'crash':
			return `${who} was cut off, the server stopped`;
		default:
			return `${who} left`;
	}
}
