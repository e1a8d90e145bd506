import type { ClientEvent, Meeting } from '../client';
import type { Notice } from '../design';
import { namesInWords, stretch } from './time';

/** A notice before it has a number. */
export type News = Omit<Notice, 'id'>;

/** In meetings larger than this nobody wants to read who comes and goes. */
const SMALL = 12;

/** The times before the end at which the viewer is reminded, in milliseconds. */
const REMINDERS = [300_000, 60_000] as const;

/** What deserves a word when the meeting changed from before to after. */
export function newsBetween(before: Meeting, after: Meeting): News[] {
	if (before.self !== after.self) return [];
	return [...comings(before, after), ...recordingNews(before, after), ...roomNews(before, after)];
}

/** The reminder that fell due since the last look, if one did. */
export function reminderBetween(leftBefore: number, leftNow: number): News | undefined {
	const due = REMINDERS.findLast((at) => leftBefore > at && leftNow <= at && leftNow > 0);
	return due === undefined ? undefined : { tone: 'warning', text: `The meeting ends in ${stretch(due)}.` };
}

/** What to say about something that happened to this page. */
export function newsOf(event: ClientEvent): News | undefined {
	switch (event.kind) {
		case 'restarting':
			return { tone: 'warning', text: 'The server restarts. You will be back in a moment.' };
		case 'share_failed':
			return event.reason === 'cancelled' ? undefined : { tone: 'danger', text: 'The screen could not be shared. Try again, or choose another window.' };
		case 'error':
			return { tone: 'danger', text: errorWords(event) };
	}
}

function errorWords({ code, message, about }: Extract<ClientEvent, { kind: 'error' }>): string {
	const said = message === '' ? '' : ` ${message}`;
	if (code === 'record_failed') return `The recording did not start.${said}`;
	if (code === 'forbidden') return 'Only a host may do that.';
	if (code === 'too_many') return 'That was too quick for the server. Wait a moment and try again.';
	if (about === 'chat') return `Your message was not sent.${said}`;
	return `The server refused that.${said}`;
}

function comings(before: Meeting, after: Meeting): News[] {
	if (Math.max(before.participants.length, after.participants.length) > SMALL) return [];
	const names = (from: Meeting, to: Meeting) => {
		const known = new Set(to.participants.map(({ id }) => id));
		return from.participants.filter(({ id }) => !known.has(id) && id !== after.self).map(({ name }) => name);
	};
	const [came, left] = [names(after, before), names(before, after)];
	return [
		...(came.length > 0 ? [{ tone: 'info', text: `${namesInWords(came, came.length)} joined.` } as const] : []),
		...(left.length > 0 ? [{ tone: 'info', text: `${namesInWords(left, left.length)} left.` } as const] : []),
	];
}

function recordingNews(before: Meeting, after: Meeting): News[] {
	if (before.recording.on === after.recording.on) return [];
	const { on, by, notice } = after.recording;
	if (on) return [{ tone: 'info', text: by === undefined ? 'This meeting is being recorded.' : `${by} started recording this meeting.` }];
	if (notice !== undefined) return [{ tone: 'warning', text: `Recording stopped. ${notice}`, keep: true }];
	return [{ tone: 'info', text: by === undefined ? 'Recording stopped.' : `${by} stopped the recording.` }];
}

function roomNews(before: Meeting, after: Meeting): News[] {
	if (before.room.ends_at === after.room.ends_at) return [];
	const left = Date.parse(after.room.ends_at) - Date.parse(before.room.ends_at);
	if (!(Math.abs(left) >= 60_000)) return []; // also when one of the two is no time
	return [{ tone: 'info', text: left > 0 ? `The meeting goes on ${stretch(left)} longer.` : `The meeting ends ${stretch(-left)} earlier.` }];
}
