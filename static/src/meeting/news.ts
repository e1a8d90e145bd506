import { handsUp } from '../client';
import type { ClientEvent, Meeting } from '../client';
import type { Notice } from '../design';
import type { Words } from '../words';
import { namesInWords, stretch } from './time';

/** A notice before it has a number. */
export type News = Omit<Notice, 'id'>;

/** In meetings larger than this nobody wants to read who comes and goes. */
const SMALL = 12;

/** The times before the end at which the viewer is reminded, in milliseconds. */
const REMINDERS = [600_000, 300_000, 60_000] as const;

/** What deserves a word when the meeting changed from before to after. */
export function newsBetween(t: Words, before: Meeting, after: Meeting): News[] {
	if (before.self !== after.self) return [];
	return [
		...comings(t, before, after),
		...handNews(t, before, after),
		...announced(t, before, after),
		...spotlightNews(t, before, after),
		...recordingNews(t, before, after),
		...lockNews(t, before, after),
		...endNews(t, before, after),
	];
}

/** The reminder that fell due since the last look, if one did. */
export function reminderBetween(t: Words, leftBefore: number, leftNow: number): News | undefined {
	const due = REMINDERS.findLast((at) => leftBefore > at && leftNow <= at && leftNow > 0);
	return due === undefined ? undefined : { tone: 'warning', text: t('news.ends', { time: stretch(t, due) }) };
}

/** What to say about something that happened to this page; unmute is what the viewer may be asked to do. */
export function newsOf(t: Words, event: ClientEvent, unmute: () => void): News | undefined {
	switch (event.kind) {
		case 'moderated':
			return moderatedNews(t, event, unmute);
		case 'restarting':
			return { tone: 'warning', text: t('news.restart') };
		case 'share_failed':
			return event.reason === 'cancelled' ? undefined : { tone: 'danger', text: t('news.shareFailed') };
		case 'error':
			return { tone: 'danger', text: errorWords(t, event) };
	}
}

function moderatedNews(t: Words, { action, by: name, role }: Extract<ClientEvent, { kind: 'moderated' }>, unmute: () => void): News | undefined {
	switch (action) {
		case 'mute':
			return { tone: 'warning', text: t('news.mutedYou', { name }) };
		case 'stop_camera':
			return { tone: 'warning', text: t('news.stoppedCamera', { name }) };
		case 'stop_screen':
			return { tone: 'warning', text: t('news.stoppedScreen', { name }) };
		case 'ask_to_unmute':
			return { tone: 'info', text: t('news.asksToUnmute', { name }), action: { label: t('news.unmute'), run: unmute } };
		case 'lower_hand':
			return { tone: 'info', text: t('news.loweredHand', { name }) };
		case 'make_host':
			return { tone: 'good', text: t('news.madeHost', { name }) };
		case 'set_role':
			if (role === 'audience') return { tone: 'warning', text: t('news.madeAudience', { name }) };
			return { tone: 'good', text: t(role === 'host' ? 'news.madeHost' : 'news.madeSpeaker', { name }) };
		case 'hand_over':
			return { tone: 'good', text: t('news.handedOver', { name }) };
		case 'send_to_lobby':
			return { tone: 'warning', text: t('news.sentToLobby', { name }) };
		case 'mute_all':
		case 'remove':
		case 'admit':
		case 'admit_all':
		case 'deny':
			return undefined;
	}
}

function errorWords(t: Words, { code, message, about }: Extract<ClientEvent, { kind: 'error' }>): string {
	const said = message === '' ? '' : ` ${message}`;
	if (about === 'chat' && (code === 'not_here' || code === 'forbidden')) return t('news.notSent');
	if (code === 'record_failed') return t('news.recordFailed'); // everybody reads why
	if (code === 'forbidden') return t('news.hostsOnly');
	if (code === 'not_here') return t('news.notHere');
	if (code === 'too_long') return t('news.tooLong');
	if (code === 'too_many') return t('news.tooMany');
	if (about === 'chat') return t('news.notSent') + said;
	return t('news.refused') + said;
}

function comings(t: Words, before: Meeting, after: Meeting): News[] {
	if (Math.max(before.participants.length, after.participants.length) > SMALL) return [];
	const names = (from: Meeting, to: Meeting) => {
		const known = new Set(to.participants.map(({ id }) => id));
		return from.participants.filter(({ id }) => !known.has(id) && id !== after.self).map(({ name }) => name);
	};
	const [came, left] = [names(after, before), names(before, after)];
	return [
		...(came.length > 0 ? [{ tone: 'info', text: t('news.joined', { names: namesInWords(t, came, came.length), count: came.length }) } as const] : []),
		...(left.length > 0 ? [{ tone: 'info', text: t('news.left', { names: namesInWords(t, left, left.length), count: left.length }) } as const] : []),
	];
}

/** What somebody who looks after the room says stays until it is read. */
function announced(t: Words, before: Meeting, after: Meeting): News[] {
	const known = new Set(before.announcements);
	return after.announcements
		.filter((one) => !known.has(one))
		.map(({ from: name, text, private: alone }) => ({ tone: 'info', text: t(alone ? 'news.saysToYou' : 'news.saysToAll', { name, text }), keep: true }));
}

/** Tells the viewer that everybody sees them large, or no longer. */
function spotlightNews(t: Words, before: Meeting, after: Meeting): News[] {
	const lit = ({ participants, self }: Meeting) => participants.some(({ id, spotlight }) => id === self && spotlight !== undefined);
	if (lit(before) === lit(after)) return [];
	return [{ tone: 'info', text: t(lit(after) ? 'news.spotlit' : 'news.unspotlit') }];
}

function recordingNews(t: Words, before: Meeting, after: Meeting): News[] {
	const { paused = false, paused_by: pauser } = after.recording;
	if (before.recording.on && after.recording.on && (before.recording.paused ?? false) !== paused && pauser !== undefined) {
		return [{ tone: 'info', text: t(paused ? 'news.recordingPausedBy' : 'news.recordingResumedBy', { name: pauser }) }];
	}
	if (before.recording.on === after.recording.on) return [];
	const { on, by, notice, notice_code: code } = after.recording;
	if (on) return [{ tone: 'info', text: by === undefined ? t('news.recorded') : t('news.recordingBy', { name: by }) }];
	if (code !== undefined || notice !== undefined) return [{ tone: 'warning', text: t(`recording.notice.${code ?? 'problem'}`), keep: true }];
	return [{ tone: 'info', text: by === undefined ? t('news.recordingStopped') : t('news.recordingStoppedBy', { name: by }) }];
}

/** Tells hosts whose hands went up. */
function handNews(t: Words, before: Meeting, after: Meeting): News[] {
	if (after.role !== 'host') return [];
	const up = new Set(handsUp(before.participants).map(({ id }) => id));
	const names = handsUp(after.participants)
		.filter(({ id }) => !up.has(id) && id !== after.self)
		.map(({ name }) => name);
	return names.length === 0 ? [] : [{ tone: 'info', text: t('news.hand', { names: namesInWords(t, names, names.length), count: names.length }) }];
}

function lockNews(t: Words, before: Meeting, after: Meeting): News[] {
	if (before.room.locked === after.room.locked) return [];
	return [{ tone: 'info', text: after.room.locked ? t('news.locked') : t('news.unlocked') }];
}

function endNews(t: Words, before: Meeting, after: Meeting): News[] {
	const left = Date.parse(after.room.ends_at) - Date.parse(before.room.ends_at);
	if (!(Math.abs(left) >= 60_000)) return []; // also when one of the two is no time
	return [{ tone: 'info', text: left > 0 ? t('news.longer', { time: stretch(t, left) }) : t('news.earlier', { time: stretch(t, -left) }) }];
}
