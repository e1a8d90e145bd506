import { ask, call, get, need, seg, send } from './http';
import * as model from './model';
import type { Recording } from './model';
import { amount, flag, instant, list, object, oneOf, optional, text } from './shape';

export type JobKind = 'participant' | 'all' | 'voices' | 'composite' | 'chapters' | 'speakers' | 'chat' | 'peaks' | 'sheet';

/** Which count depends on the kind. */
export type JobOptions = Readonly<{ participant?: string; screen?: boolean; layout?: 'grid' | 'speaker'; format?: 'webm' | 'mp4'; height?: 360 | 480 | 720 | 1080 }>;

export type JobState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

/** Work on a file that is made of a recording. progress is 0 to 1. */
export type Job = Readonly<{ id: string; kind: string; options: Readonly<{ participant: string; screen: boolean; layout: string; format: string }>; by: string; state: JobState; progress: number; error: string; created_at: number }>;

const job = object<Job>({
	id: text,
	kind: text,
	options: object({ participant: optional(text, ''), screen: optional(flag, false), layout: optional(text, ''), format: optional(text, '') }),
	by: optional(text, ''),
	state: oneOf<JobState>(['queued', 'running', 'done', 'failed', 'cancelled']),
	progress: optional(amount, 0),
	error: optional(text, ''),
	created_at: instant,
});

const of = (recording: string) => `/recordings/${seg(recording)}`;

/** The jobs of a recording, newest first. */
export async function listJobs(recording: string, signal: AbortSignal): Promise<readonly Job[]> {
	return (await get(`${of(recording)}/derived`, object<Readonly<{ jobs: readonly Job[] }>>({ jobs: list(job) }), signal)).jobs;
}

/** Has a file made in the background. */
export function derive(recording: string, kind: JobKind, options: JobOptions, signal: AbortSignal): Promise<Job> {
	return ask('POST', `${of(recording)}/derived`, job, signal, { kind, options });
}

/** Cancels a job. */
export function cancelJob(recording: string, id: string, signal: AbortSignal): Promise<void> {
	return send('DELETE', `${of(recording)}/derived/${seg(id)}`, signal);
}

/** Deletes a file that was made of a recording. It can be made again. */
export function deleteFile(recording: string, path: string, signal: AbortSignal): Promise<void> {
	return send('DELETE', `${of(recording)}/files/${seg(path)}`, signal);
}

/** Puts a recording on legal hold, or takes it back; for admins. */
export function holdRecording(recording: string, hold: boolean, signal: AbortSignal): Promise<Recording> {
	return ask('PATCH', of(recording), model.recording, signal, { hold });
}

/** Where all files of a recording are as one ZIP. */
export function archiveUrl(recording: string): string {
	return `/api/v1${of(recording)}/archive.zip`;
}

/** A link to a file of a recording, or to all, that needs no login. */
export type FileLink = Readonly<{ url: string; expires_at: number }>;

/** Signs a link; to one file, or to all when file is "". */
export function signLink(recording: string, file: string, seconds: number, signal: AbortSignal): Promise<FileLink> {
	return ask('POST', `${of(recording)}/links`, object<FileLink>({ url: text, expires_at: instant }), signal, { ...(file === '' ? {} : { file }), expires_in: seconds });
}

/** The text of a file. */
export async function fileText(recording: string, path: string, signal: AbortSignal): Promise<string> {
	const response = await call('GET', `${of(recording)}/files/${seg(path)}`, signal, undefined, { Accept: '*/*' });
	await need(response);
	return response.text();
}

/** A line of the meeting's chat, on the recording's timeline. */
export type ChatLine = Readonly<{ from: number; name: string; text: string }>;

/** The chat of a recording. */
export async function fileChat(recording: string, path: string, signal: AbortSignal): Promise<readonly ChatLine[]> {
	const shape = object<Readonly<{ messages: readonly Readonly<{ at_us: number; name: string; text: string }>[] }>>({ messages: list(object({ at_us: amount, name: text, text })) });
	const { messages } = await get(`${of(recording)}/files/${seg(path)}`, shape, signal);
	return messages.map(({ at_us, name, text: said }) => ({ from: at_us, name, text: said }));
}
