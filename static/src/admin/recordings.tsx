import { SearchX, Video, X } from 'lucide-react';
import { useCallback, useContext, useState } from 'react';
import { listRecordings } from './api';
import { dayBegin } from './audit';
import { listJobs } from './derived_api';
import { isActive, jobWords } from './derived_words';
import { away, moment, size, timecode } from './format';
import type { Recording } from './model';
import { Empty, FilterDate, FilterSelect, here, Loaded, PageHead, SearchField, State } from './parts';
import { usePoll } from './poll';
import { matches, RECORDINGS, ROOMS } from './route';
import type { Route } from './route';
import { Link, useRouter } from './router';
import { SessionContext } from './session';
import { totalUs } from './timeline';
import { ownZone } from './zone';
import { namesWords, recordingState, titleOf } from './words';

const EVERY_MS = 5000;
/** Of how many rows the work on new files is looked at. */
const WITH_JOBS = 20;

type RecordingsRoute = Route & { page: 'recordings' };

const STATES = [
	{ value: '', label: 'In any state' },
	{ value: 'recording', label: 'Recording now' },
	{ value: 'ready', label: 'Ready' },
	{ value: 'degraded', label: 'Something missing' },
	{ value: 'failed', label: 'Failed' },
	{ value: 'held', label: 'On legal hold' },
];

/** The recordings, of all rooms or of one. */
export function RecordingsPage({ route }: { route: RecordingsRoute }) {
	const { go } = useRouter();
	const { user } = useContext(SessionContext);
	const { room, search, state, from, to } = route;
	const load = useCallback((signal: AbortSignal) => listRecordings(room, signal), [room]);
	const poll = usePoll(load, EVERY_MS);
	const set = (change: Partial<RecordingsRoute>) => go({ ...route, ...change }, true);
	return (
		<>
			<PageHead title="Recordings" lead={user.role === 'admin' ? 'Every recording on this server.' : 'The recordings of your rooms.'} />
			<div className="filters">
				{room === '' ? null : (
					<Link className="chip" to={{ ...route, room: '' }} aria-label="Show the recordings of all rooms">
						<span className="truncate">Only room {room}</span>
						<X size={16} aria-hidden="true" />
					</Link>
				)}
				<FilterSelect label="In which state" value={state} options={STATES} onPick={(value) => set({ state: value })} />
				<FilterDate label="From" value={from} onPick={(value) => set({ from: value })} />
				<FilterDate label="To" value={to} onPick={(value) => set({ to: value })} />
				<SearchField label="Search recordings" value={search} onChange={(value) => set({ search: value })} />
			</div>
			<Loaded poll={poll} title="The recordings can’t be shown" rows={4}>
				{(recordings) => <RecordingList recordings={recordings} now={poll.at} route={route} />}
			</Loaded>
		</>
	);
}

/** Whether a recording fits the filters of a route; days are the viewer's. */
export function fits(recording: Recording, { search, state, from, to }: Pick<RecordingsRoute, 'search' | 'state' | 'from' | 'to'>, zone: string): boolean {
	const [first, last] = [dayBegin(from, 0, zone), dayBegin(to, 1, zone)];
	if (first !== '' && recording.t0_utc < Date.parse(first)) return false;
	if (last !== '' && recording.t0_utc >= Date.parse(last)) return false;
	if (state === 'held' ? !recording.hold : state === 'recording' ? recording.state !== 'recording' && recording.state !== 'finalizing' : state !== '' && recording.state !== state) return false;
	return matches(search, textsOf(recording));
}

type RecordingListProps = { recordings: readonly Recording[]; now: number; route: RecordingsRoute };

function RecordingList({ recordings, now, route }: RecordingListProps) {
	if (recordings.length === 0) {
		return (
			<Empty icon={<Video size={24} />} title={route.room === '' ? 'No recordings yet' : 'This room has no recordings'}>
				<p>Open a room as its host and press Record. The recording is listed here while it still runs.</p>
				<Link className="button" data-kind="outlined" to={ROOMS}>
					Go to the rooms
				</Link>
			</Empty>
		);
	}
	const found = recordings.filter((recording) => fits(recording, route, ownZone()));
	if (found.length === 0) {
		return (
			<Empty icon={<SearchX size={24} />} title="No recording matches">
				<p>None of the {recordings.length} recordings fits these filters.</p>
				<Link className="button" data-kind="outlined" to={RECORDINGS}>
					Show all recordings
				</Link>
			</Empty>
		);
	}
	return (
		<div className="card">
			<table className="list recordings">
				<thead>
					<tr>
						<th scope="col">Recording</th>
						<th scope="col">People</th>
						<th scope="col">When</th>
						<th scope="col">Length</th>
						<th scope="col">Size</th>
						<th scope="col">State</th>
					</tr>
				</thead>
				<tbody>
					{found.map((recording, index) => (
						<RecordingRow key={recording.id} recording={recording} now={now} jobs={index < WITH_JOBS && (recording.state === 'ready' || recording.state === 'degraded')} />
					))}
				</tbody>
			</table>
		</div>
	);
}

function textsOf(recording: Recording): readonly string[] {
	return [titleOf(recording), recording.id, recording.room, recordingState(recording).short, ...recording.participants.map(({ name }) => name)];
}

function RecordingRow({ recording, now, jobs }: { recording: Recording; now: number; jobs: boolean }) {
	const state = recordingState(recording);
	const names = recording.participants.map(({ name }) => name);
	const running = recording.state === 'recording';
	return (
		<tr className="goes">
			<td className="cell-main">
				<Link className="name stretched" to={{ page: 'recording', id: recording.id }}>
					{titleOf(recording)}
				</Link>
				<span className="second truncate" title={recording.room}>
					Room {recording.room}
				</span>
			</td>
			<td className="cell-who" title={names.join(', ')}>
				{namesWords(names)}
			</td>
			<td className="cell-when">
				{moment(recording.t0_utc, now, here())}
				<span className="second">{away(recording.t0_utc, now)}</span>
			</td>
			<td className="cell-length ticking">{timecode(running ? (now - recording.t0_utc) * 1000 : totalUs(recording))}</td>
			<td className="cell-size ticking">{size(bytesOf(recording))}</td>
			<td className="cell-state">
				<State tone={state.tone}>{state.short}</State>
				{recording.hold ? <State tone="busy">On hold</State> : null}
				{jobs ? <JobsBar recording={recording} /> : null}
			</td>
		</tr>
	);
}

/** What all files of a recording take. */
export function bytesOf(recording: Recording): number {
	return [...recording.tracks, ...recording.derived].reduce((sum, { bytes }) => sum + bytes, 0);
}

/** How far the files are that are being made of a recording; nothing when none is. */
function JobsBar({ recording }: { recording: Recording }) {
	const [busy, setBusy] = useState(false);
	const load = useCallback((signal: AbortSignal) => listJobs(recording.id, signal), [recording.id]);
	const poll = usePoll(load, busy ? 2000 : 20_000);
	const active = (poll.data ?? []).filter(isActive);
	if (active.length > 0 !== busy) setBusy(active.length > 0);
	const [job] = active.filter(({ state }) => state === 'running').concat(active);
	if (job === undefined) return null;
	const what = jobWords(job, recording);
	return (
		<span className="jobs-bar">
			<progress aria-label={what} max={1} {...(job.state === 'running' ? { value: job.progress } : {})} />
			<span className="second truncate">{active.length === 1 ? what : `${what} and ${active.length - 1} more`}</span>
		</span>
	);
}
