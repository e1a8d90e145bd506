import { handsUp } from '../client';
import type { ClientEvent, Meeting } from '../client';
import type { Notice } from '../design';
import { namesInWords, stretch } from './time';

/** A notice before it has a number. */
export type News = Omit<Notice, 'id'>;

/** In meetings larger than this nobody wants to read who comes and goes. */
const SMALL = 12;

/** The times before the end at which the viewer is reminded, in milliseconds. */
const REMINDERS = [600_000, 300_000, 60_000] as const;

/** What deserves a word when the meeting changed from before to after. */
export function newsBetween(before: Meeting, after: Meeting): News[] {
	if (before.self !== after.self) return [];
	return [...comings(before, after), ...handNews(before, after), ...recordingNews(before, after), ...roomNews(before, after)];
}

/** The reminder that fell due since the last look, if one did. */
export function reminderBetween(leftBefore: number, leftNow: number): News | undefined {
	const due = REMINDERS.findLast((at) => leftBefore > at && leftNow <= at && leftNow > 0);
	return due === undefined ? undefined : { tone: 'warning', text: `The meeting ends in ${stretch(due)}.` };
}

/** What to say about something that happened to this page; unmute is what the viewer may be asked to do. */
export function newsOf(event: ClientEvent, unmute: () => void): News | undefined {
	switch (event.kind) {
		case 'moderated':
			return moderatedNews(event, unmute);
		case 'restarting':
			return { tone: 'warning', text: 'The server restarts. You will be back in a moment.' };
		case 'share_failed':
			return event.reason === 'cancelled' ? undefined : { tone: 'danger', text: 'The screen could not be shared. Try again, or choose another window.' };
		case 'error':
			return { tone: 'danger', text: errorWords(event) };
	}
}

function moderatedNews({ action, by, role }: Extract<ClientEvent, { kind: 'moderated' }>, unmute: () => void): News | undefined {
	switch (action) {
		case 'mute':
			return { tone: 'warning', text: `${by} muted your microphone. Unmute it when you want to speak.` };
		case 'stop_camera':
			return { tone: 'warning', text: `${by} turned off your camera.` };
		case 'stop_screen':
			return { tone: 'warning', text: `${by} stopped your screen sharing.` };
		case 'ask_to_unmute':
			return { tone: 'info', text: `${by} asks you to unmute.`, action: { label: 'Unmute', run: unmute } };
		case 'lower_hand':
			return { tone: 'info', text: `${by} lowered your hand.` };
		case 'make_host':
			return { tone: 'good', text: `${by} made you a host.` };
		case 'set_role':
		case 'hand_over':
			return role === 'audience'
				? { tone: 'warning', text: `${by} moved you to the audience. You see and hear the meeting; your microphone and camera are off.` }
				: { tone: 'good', text: `${by} made you a ${role ?? 'speaker'}.` };
		case 'mute_all':
		case 'remove':
		case 'admit':
		case 'admit_all':
		case 'deny':
		case 'send_to_lobby':
			return undefined;
	}
}

function errorWords({ code, message, about }: Extract<ClientEvent, { kind: 'error' }>): string {
	const said = message === '' ? '' : ` ${message}`;
	if (code === 'record_failed') return `The recording did not start.${said}`;
	if (code === 'forbidden') return 'Only a host may do that.';
	if (code === 'not_here') return 'They have left the meeting.';
	if (code === 'too_long') return message;
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

/** Tells hosts whose hands went up. */
function handNews(before: Meeting, after: Meeting): News[] {
	if (after.role !== 'host') return [];
	const up = new Set(handsUp(before.participants).map(({ id }) => id));
	const names = handsUp(after.participants)
		.filter(({ id }) => !up.has(id) && id !== after.self)
		.map(({ name }) => name);
	return names.length === 0 ? [] : [{ tone: 'info', text: `${namesInWords(names, names.length)} raised a hand.` }];
}

function roomNews(before: Meeting, after: Meeting): News[] {
	return [...lockNews(before, after), ...endNews(before, after)];
}

function lockNews(before: Meeting, after: Meeting): News[] {
	if (before.room.locked === after.room.locked) return [];
	return [{ tone: 'info', text: after.room.locked ? 'The meeting is locked. Nobody new can join.' : 'The meeting is unlocked. Whoever has the link can join.' }];
}

function endNews(before: Meeting, after: Meeting): News[] {
	const left = Date.parse(after.room.ends_at) - Date.parse(before.room.ends_at);
	if (!(Math.abs(left) >= 60_000)) return []; // also when one of the two is no time
	return [{ tone: 'info', text: left > 0 ? `The meeting goes on ${stretch(left)} longer.` : `The meeting ends ${stretch(-left)} earlier.` }];
}
