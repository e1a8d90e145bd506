import { Download, FilePlus, Link2, Trash2, X } from 'lucide-react';
import { useCallback, useContext, useState } from 'react';
import type { SyntheticEvent } from 'react';
import { Button, Dialog, IconButton, Select } from '../design';
import { downloadUrl } from './api';
import { cancelJob, deleteFile, derive, listJobs } from './derived_api';
import type { Job, JobKind, JobOptions } from './derived_api';
import { isActive, jobWords } from './derived_words';
import { size } from './format';
import type { Derived, Recording } from './model';
import { State } from './parts';
import { useAction, usePoll } from './poll';
import { FormFailure } from './reserve';
import { SessionContext } from './session';
import { Sure } from './sure';
import type { Question } from './sure';
import { failureWords } from './words';

const EVERY_MS = { busy: 1000, idle: 10_000 };

type CardProps = { recording: Recording; onChange: () => void; onLink: (file: string) => void };

/** What was made of a recording's tracks, what is being made, and the button that has more made. */
export function DerivedCard({ recording, onChange, onLink }: CardProps) {
	const { notify } = useContext(SessionContext);
	const [making, setMaking] = useState(false);
	const [deleting, setDeleting] = useState<Derived | null>(null);
	const [busy, setBusy] = useState(false);
	const load = useCallback((signal: AbortSignal) => listJobs(recording.id, signal), [recording.id]);
	const poll = usePoll(load, busy ? EVERY_MS.busy : EVERY_MS.idle);
	const { run } = useAction((failure) => notify({ tone: 'danger', text: failureWords(failure) }));
	const jobs = poll.data ?? [];
	const active = jobs.some(isActive);
	if (active !== busy) {
		setBusy(active);
		if (!active) onChange(); // something was finished: the recording has new files
	}
	const shown = jobs.filter((job, index) => isActive(job) || (job.state === 'failed' && index < 5));
	const cancel = (job: Job) => {
		run(async (signal) => {
			await cancelJob(recording.id, job.id, signal);
			poll.refresh();
		});
	};
	return (
		<section className="card padded" aria-labelledby="derived-title">
			<header className="card-head">
				<h2 id="derived-title">Made from this recording</h2>
				<Button icon={<FilePlus size={16} aria-hidden="true" />} onClick={() => setMaking(true)}>
					Make a file
				</Button>
			</header>
			{recording.derived.length === 0 && shown.length === 0 ? <p className="quiet">Nothing yet. The server can make a video of the whole meeting, a mix of all voices, chapters, the chat and more.</p> : null}
			{shown.length === 0 ? null : (
				<ul className="jobs" aria-label="Being made">
					{shown.map((job) => (
						<JobRow key={job.id} job={job} recording={recording} onCancel={() => cancel(job)} />
					))}
				</ul>
			)}
			{recording.derived.length === 0 ? null : (
				<ul className="files">
					{recording.derived.map((file) => (
						<li key={file.path}>
							<span className="file-words">
								<span className="name">{file.title === '' ? file.path : file.title}</span>
								<span className="second">
									{typeWords(file.type)}, {size(file.bytes)}
								</span>
							</span>
							<IconButton label={`Make a link to ${file.title}`} icon={<Link2 size={16} />} tip={{ align: 'end' }} onClick={() => onLink(file.path)} />
							<a className="button" data-kind="outlined" href={downloadUrl(recording.id, file.path)} download aria-label={`Download ${file.title}`}>
								<Download size={16} aria-hidden="true" />
								Download
							</a>
							{recording.hold ? null : <IconButton label={`Delete ${file.title}`} icon={<Trash2 size={16} />} tip={{ align: 'end' }} onClick={() => setDeleting(file)} />}
						</li>
					))}
				</ul>
			)}
			<Sure question={deleting === null ? null : deleteQuestion(recording.id, deleting)} onClose={() => setDeleting(null)} onDone={onChange} />
			<Dialog open={making} title="Make a file" onClose={() => setMaking(false)}>
				{making ? (
					<MakeForm
						recording={recording}
						onMade={() => {
							setMaking(false);
							poll.refresh();
						}}
					/>
				) : null}
			</Dialog>
		</section>
	);
}

function deleteQuestion(recording: string, { path, title, bytes }: Derived): Question {
	const name = title === '' ? path : title;
	return {
		title: `Delete “${name}”`,
		text: `${size(bytes)} become free. The recording itself stays, so the file can be made again.`,
		action: 'Delete file',
		done: `“${name}” was deleted.`,
		work: (signal) => deleteFile(recording, path, signal),
	};
}

function typeWords(type: string): string {
	const [media = ''] = type.split(';');
	const known: Readonly<Record<string, string>> = { 'video/webm': 'WebM video', 'video/mp4': 'MP4 video', 'audio/webm': 'WebM sound', 'video/x-matroska': 'Matroska', 'text/vtt': 'WebVTT', 'application/json': 'JSON', 'image/jpeg': 'JPEG picture' };
	return Object.hasOwn(known, media) ? (known[media] ?? media) : media;
}

function JobRow({ job, recording, onCancel }: { job: Job; recording: Recording; onCancel: () => void }) {
	const what = jobWords(job, recording);
	const percent = Math.round(job.progress * 100);
	return (
		<li className="job">
			<span className="file-words">
				<span className="name">{what}</span>
				{job.state === 'failed' ? <State tone="danger">{job.error === '' ? 'It failed.' : job.error}</State> : <span className="second ticking">{job.state === 'queued' ? 'Waits its turn' : `${percent} %`}</span>}
			</span>
			{isActive(job) ? (
				<>
					<progress aria-label={what} {...(job.state === 'running' ? { value: job.progress } : {})} max={1} />
					<IconButton label={`Cancel ${what.toLowerCase()}`} icon={<X size={16} />} tip={{ align: 'end' }} onClick={onCancel} />
				</>
			) : null}
		</li>
	);
}

/** What can be made, with what it is good for. */
const KINDS: readonly Readonly<{ value: JobKind; label: string; hint: string }>[] = [
	{ value: 'composite', label: 'The meeting as a video', hint: 'Everybody in one picture, with all voices. Takes about as long as the meeting, on a busy server longer. Needs ffmpeg on the server.' },
	{ value: 'voices', label: 'All voices mixed', hint: 'One sound file of the whole meeting.' },
	{ value: 'participant', label: 'One participant', hint: 'Picture and sound of one person in one file, as they came.' },
	{ value: 'all', label: 'Every track in one file', hint: 'A Matroska file for an editing program.' },
	{ value: 'chapters', label: 'Chapters', hint: 'Shown beside the player: where a screen is shared and where talk sets in again.' },
	{ value: 'speakers', label: 'Who speaks when', hint: 'Shown on the timeline.' },
	{ value: 'chat', label: 'Chat', hint: 'Shown beside the player, as captions and as data.' },
	{ value: 'peaks', label: 'Waveforms', hint: 'How loud each microphone was, as data.' },
	{ value: 'sheet', label: 'Contact sheet', hint: 'Twenty small pictures of the meeting. Needs ffmpeg on the server.' },
];

const LAYOUTS = [
	{ value: 'grid', label: 'Everybody in a grid' },
	{ value: 'speaker', label: 'Who speaks, large' },
];
const FORMATS = [
	{ value: 'webm', label: 'WebM (VP9)' },
	{ value: 'mp4', label: 'MP4 (H.264)' },
];
const HEIGHTS = ['360', '480', '720', '1080'].map((value) => ({ value, label: `${value} lines` }));

function MakeForm({ recording, onMade }: { recording: Recording; onMade: () => void }) {
	const [kind, setKind] = useState<JobKind>('composite');
	const people = recording.participants.filter(({ id }) => recording.tracks.some((track) => track.participant === id));
	const [who, setWho] = useState(people[0]?.id ?? '');
	const [screen, setScreen] = useState('camera');
	const [layout, setLayout] = useState('grid');
	const [format, setFormat] = useState('webm');
	const [height, setHeight] = useState('720');
	const { busy, failure, run } = useAction();
	const options = (): JobOptions => {
		if (kind === 'participant') return { participant: who, ...(screen === 'screen' ? { screen: true } : {}) };
		if (kind !== 'composite') return {};
		const lines = ([360, 480, 1080] as const).find((value) => String(value) === height) ?? 720;
		return { layout: layout === 'speaker' ? 'speaker' : 'grid', format: format === 'mp4' ? 'mp4' : 'webm', height: lines };
	};
	const submit = (event: SyntheticEvent) => {
		event.preventDefault();
		run(async (signal) => {
			await derive(recording.id, kind, options(), signal);
			onMade();
		});
	};
	return (
		<form className="form" onSubmit={submit}>
			<Select label="What" options={KINDS} value={kind} hint={KINDS.find(({ value }) => value === kind)?.hint} onPick={(value) => setKind(KINDS.find((one) => one.value === value)?.value ?? 'composite')} />
			{kind === 'composite' ? (
				<>
					<Select label="Layout" options={LAYOUTS} value={layout} onPick={setLayout} />
					<div className="pair">
						<Select label="Format" options={FORMATS} value={format} onPick={setFormat} />
						<Select label="Height" options={HEIGHTS} value={height} onPick={setHeight} />
					</div>
				</>
			) : null}
			{kind === 'participant' ? (
				<div className="pair">
					<Select label="Who" options={people.map(({ id, name }) => ({ value: id, label: name }))} value={who} onPick={setWho} />
					<Select
						label="Picture"
						options={[
							{ value: 'camera', label: 'Camera' },
							{ value: 'screen', label: 'Shared screen' },
						]}
						value={screen}
						onPick={setScreen}
					/>
				</div>
			) : null}
			<p className="form-note">It is made in the background, slower while meetings need the server. You can close this page meanwhile.</p>
			<FormFailure words={failure === null ? null : failureWords(failure)} />
			<Button kind="filled" size="large" type="submit" disabled={busy} aria-busy={busy}>
				{busy ? 'Asking…' : 'Make it'}
			</Button>
		</form>
	);
}
