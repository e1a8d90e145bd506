import type { Failure } from './api';
import type { GapReason, Recording, SourceName } from './model';

/** What happened and what it means, for any failed call. */
export function failureWords(failure: Failure): string {
	switch (failure.kind) {
		case 'unreachable':
			return 'The server does not answer. Check your connection; the server may also be restarting.';
		case 'expired':
			return 'You are no longer logged in.';
		case 'throttled':
			return `Too many attempts. ${failure.seconds > 0 ? `Try again in ${secondsWords(failure.seconds)}.` : 'Wait a minute, then try again.'}`;
		case 'malformed':
			return 'The server sent an answer this page does not understand. Reload the page; it may be older than the server.';
		case 'refused':
			return refusedWords(failure.status, failure.detail === '' ? failure.title : failure.detail);
	}
}

function refusedWords(status: number, said: string): string {
	if (status === 403 && said !== '') return sentence(said);
	if (status === 403) return 'You may not do that. It belongs to somebody else, or needs an admin.';
	if (status === 404) return 'It is not there. It was deleted, has ended, or belongs to somebody else.';
	if (status >= 500) return 'The server has a problem of its own and wrote it to its log. Try again in a moment.';
	return said === '' ? 'The server refused that.' : sentence(said);
}

/** What to tell somebody whose log in failed. */
export function logInWords(failure: Failure): string {
	if (failure.kind === 'refused' && failure.status === 401) return 'Wrong username or password.';
	if (failure.kind === 'throttled') return failureWords(failure).replace('Too many attempts.', 'Too many wrong passwords.');
	return failureWords(failure);
}

function secondsWords(seconds: number): string {
	if (seconds < 90) return seconds === 1 ? '1 second' : `${seconds} seconds`;
	return `${Math.ceil(seconds / 60)} minutes`;
}

/** The text as a sentence: upper case first, full stop last. */
export function sentence(said: string): string {
	const trimmed = said.trim();
	const first = trimmed.slice(0, 1).toLocaleUpperCase() + trimmed.slice(1);
	return /[.?]$/.test(first) ? first : `${first}.`;
}

/** The text with its first letter upper case. */
export function capital(text: string): string {
	return text.slice(0, 1).toLocaleUpperCase() + text.slice(1);
}

/** "1 visit", "3 visits". */
export function countWords(count: number, one: string, many = `${one}s`): string {
	return `${count} ${count === 1 ? one : many}`;
}

/** "nobody", "1 person", "3 people". */
export function peopleWords(count: number): string {
	if (count === 0) return 'nobody';
	return count === 1 ? '1 person' : `${count} people`;
}

/** "Ann", "Ann and Bo", "Ann, Bo and 3 more"; at most shown names stand. */
export function namesWords(names: readonly string[], shown = 3): string {
	if (names.length === 0) return 'Nobody';
	const extra = names.length - shown;
	const parts = extra > 0 ? [...names.slice(0, shown), `${extra} more`] : [...names];
	const last = parts.pop() ?? '';
	return parts.length === 0 ? last : `${parts.join(', ')} and ${last}`;
}

/** What a title-less room or recording is called. */
export function titleOf({ title }: Readonly<{ title: string }>): string {
	return title.trim() === '' ? 'Meeting' : title;
}

/** A source as a word. */
export function sourceWords(source: SourceName): string {
	switch (source) {
		case 'microphone':
			return 'Microphone';
		case 'camera':
			return 'Camera';
		case 'screen':
			return 'Screen';
		case 'screen_audio':
			return 'Screen sound';
		case 'other':
			return 'Other source';
	}
}

/** Why a stretch is missing, as the start of a sentence. */
export function gapWords(reason: GapReason, source: SourceName): string {
	switch (reason) {
		case 'mute':
			return 'Muted';
		case 'off':
			return `${sourceWords(source)} off`;
		case 'loss':
			return 'Lost on the network';
		case 'slow_disk':
			return 'Disk too slow';
		case 'pause':
			return 'Nothing arrived';
		case 'other':
			return 'Missing';
	}
}

export type StateTone = 'live' | 'busy' | 'good' | 'warning' | 'danger' | 'quiet';

/** How a recording stands: short, and in a sentence. */
export function recordingState(recording: Recording): Readonly<{ tone: StateTone; short: string; long: string }> {
	switch (recording.state) {
		case 'recording':
			return { tone: 'live', short: 'Recording now', long: 'This meeting is being recorded now. Files can be played when the recording stops.' };
		case 'finalizing':
			return { tone: 'busy', short: 'Finishing', long: 'The recording has stopped and its files are being finished.' };
		case 'failed':
			return { tone: 'danger', short: 'Failed', long: failedWords(recording.tracks.length) };
		case 'ready':
		case 'degraded':
			return readyState(recording);
	}
}

function failedWords(files: number): string {
	return `This recording could not be finished. ${files === 0 ? 'Nothing of it could be saved.' : 'What could be saved is below.'}`;
}

function readyState(recording: Recording): Readonly<{ tone: StateTone; short: string; long: string }> {
	const why = stopWords(recording.stop_reason);
	if (recording.stop_reason === 'crash' || recording.tracks.some((track) => track.state === 'repaired')) {
		const long = 'The server was interrupted while it recorded. The files were repaired; the last two seconds may be missing.';
		return { tone: 'warning', short: 'Interrupted, repaired', long };
	}
	if (recording.state === 'degraded') return { tone: 'warning', short: 'Ready, something is missing', long: why };
	return { tone: 'good', short: 'Ready', long: why };
}

function stopWords(reason: string): string {
	switch (reason) {
		case 'host':
			return 'Stopped by the host.';
		case 'empty':
			return 'Stopped when the last person left.';
		case 'ended':
			return 'Stopped when the meeting ended.';
		case 'shutdown':
			return 'Stopped when the server was shut down.';
		case 'disk_full':
			return 'Stopped because the disk was almost full.';
		case 'failed':
			return 'Stopped because the server could not write on.';
		default:
			return 'Complete.';
	}
}
