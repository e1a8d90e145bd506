import type { AuditEntry, AuditOutcome } from './people_api';
import type { StateTone } from './words';

const ACTIONS: Readonly<Record<string, string>> = {
	login: 'Logged in',
	openSession: 'Logged in',
	closeSession: 'Logged out',
	createRoom: 'Reserved a room',
	reserve_room: 'Reserved a room',
	changeRoom: 'Changed a room',
	cancelRoom: 'Cancelled a room',
	extendRoom: 'Extended a room',
	endRoom: 'Ended a meeting',
	createRoomLink: 'Made a join link',
	revokeRoomLink: 'Revoked a join link',
	revokeRoomLinks: 'Revoked all join links',
	admitOrDeny: 'Answered who waited',
	removeParticipant: 'Removed a participant',
	moderateParticipant: 'Moderated a participant',
	moderateRoom: 'Moderated a meeting',
	messageParticipant: 'Wrote to a participant',
	messageRoom: 'Wrote to a meeting',
	shareFile: 'Sent a file to a meeting',
	'meeting.file': 'Sent a file to a meeting',
	createLink: 'Signed a link to a recording',
	changeRecording: 'Changed the hold of a recording',
	deleteRecording: 'Deleted a recording',
	deleteFile: 'Deleted a derived file',
	downloadFile: 'Downloaded a file',
	downloadArchive: 'Downloaded a recording',
	derive: 'Had a file made',
	cancelJob: 'Cancelled a job',
	push: 'Pushed to an attendant',
	notify_ws: 'Pushed to an attendant',
	pushMany: 'Pushed a message',
	createToken: 'Made a token',
	deleteToken: 'Revoked a token',
	createWebhook: 'Added a webhook',
	changeWebhook: 'Changed a webhook',
	deleteWebhook: 'Deleted a webhook',
	renewWebhookSecret: 'Renewed a webhook’s secret',
	pingWebhook: 'Tested a webhook',
	redeliver: 'Had an event sent again',
	createUser: 'Added a user',
	changeUser: 'Changed a user',
	deleteUser: 'Deleted a user',
};

/** What was done, in words; what this page does not know is spelled out. */
export function actionWords(action: string): string {
	const known = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
	if (known !== undefined) return known;
	const within = /^meeting\.(.+)$/.exec(action)?.[1];
	const plain = (within ?? action).replaceAll(/[._-]+/g, ' ').replaceAll(/([a-z])([A-Z])/g, '$1 $2').trim().toLowerCase();
	return within === undefined ? plain.replace(/^./u, (first) => first.toUpperCase()) : `In a meeting: ${plain}`;
}

/** Who did it, in words. */
export function actorWords({ kind, name, id }: AuditEntry['actor']): string {
	const who = name === '' ? id : name;
	switch (kind) {
		case 'token':
			return `A program of ${who}`;
		case 'participant':
			return `${who}, in a meeting`;
		case 'nobody':
			return who === '' ? 'Nobody logged in' : `${who}, not logged in`;
		case 'server':
			return 'The server';
		default:
			return who === '' ? 'Unknown' : who;
	}
}

/** How it ended. */
export function outcomeState(outcome: AuditOutcome): Readonly<{ tone: StateTone; short: string }> {
	switch (outcome) {
		case 'ok':
			return { tone: 'good', short: 'Done' };
		case 'refused':
			return { tone: 'danger', short: 'Refused' };
		case 'throttled':
			return { tone: 'warning', short: 'Too often' };
		case 'failed':
			return { tone: 'danger', short: 'Failed' };
	}
}
