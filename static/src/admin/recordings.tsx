import { SearchX, Video, X } from 'lucide-react';
import { useCallback, useContext } from 'react';
import { listRecordings } from './api';
import { away, moment, size, timecode } from './format';
import type { Recording } from './model';
import { Empty, here, Loaded, PageHead, SearchField, State } from './parts';
import { usePoll } from './poll';
import { matches } from './route';
import { Link, useRouter } from './router';
import { SessionContext } from './session';
import { totalUs } from './timeline';
import { namesWords, recordingState, titleOf } from './words';

const EVERY_MS = 5000;

/** The recordings, of all rooms or of one. */
export function RecordingsPage({ room, search }: { room: string; search: string }) {
	const { go } = useRouter();
	const { user } = useContext(SessionContext);
	const load = useCallback((signal: AbortSignal) => listRecordings(room, signal), [room]);
	const poll = usePoll(load, EVERY_MS);
	return (
		<>
			<PageHead title="Recordings" lead={user.role === 'admin' ? 'Every recording on this server.' : 'The recordings of your rooms.'} />
			<div className="filters">
				{room === '' ? null : (
					<Link className="chip" to={{ page: 'recordings', room: '', search }} aria-label="Show the recordings of all rooms">
						<span className="truncate">Only room {room}</span>
						<X size={16} aria-hidden="true" />
					</Link>
				)}
				<SearchField label="Search recordings" value={search} onChange={(value) => go({ page: 'recordings', room, search: value }, true)} />
			</div>
			<Loaded poll={poll} title="The recordings can’t be shown" rows={4}>
				{(recordings) => <RecordingList recordings={recordings} now={poll.at} room={room} search={search} />}
			</Loaded>
		</>
	);
}

type RecordingListProps = { recordings: readonly Recording[]; now: number; room: string; search: string };

function RecordingList({ recordings, now, room, search }: RecordingListProps) {
	if (recordings.length === 0) {
		return (
			<Empty icon={<Video size={24} />} title={room === '' ? 'No recordings yet' : 'This room has no recordings'}>
				<p>Open a room as its host and press Record. The recording is listed here while it still runs.</p>
				<Link className="button" data-kind="outlined" to={{ page: 'rooms', state: 'open', search: '' }}>
					Go to the rooms
				</Link>
			</Empty>
		);
	}
	const found = recordings.filter((recording) => matches(search, textsOf(recording)));
	if (found.length === 0) {
		return (
			<Empty icon={<SearchX size={24} />} title="No recording matches">
				<p>None of the {recordings.length} recordings has “{search}” in its name, room or people.</p>
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
					{found.map((recording) => (
						<RecordingRow key={recording.id} recording={recording} now={now} />
					))}
				</tbody>
			</table>
		</div>
	);
}

function textsOf(recording: Recording): readonly string[] {
	return [titleOf(recording), recording.id, recording.room, recordingState(recording).short, ...recording.participants.map(({ name }) => name)];
}

function RecordingRow({ recording, now }: { recording: Recording; now: number }) {
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
			</td>
		</tr>
	);
}

/** What all files of a recording take. */
export function bytesOf(recording: Recording): number {
	return recording.tracks.reduce((sum, track) => sum + track.bytes, 0);
}
