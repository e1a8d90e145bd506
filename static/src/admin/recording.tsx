import { ArrowLeft, Trash2, VideoOff } from 'lucide-react';
import { useCallback, useContext, useMemo, useState } from 'react';
import { Button } from '../design';
import { deleteRecording, getRecording } from './api';
import type { Failure } from './api';
import { moment, size, timecode, within } from './format';
import type { Recording } from './model';
import { Copyable, Danger, Empty, here, Loaded, PageHead, State } from './parts';
import { usePlayers } from './players';
import { useAction, usePoll } from './poll';
import { bytesOf } from './recordings';
import { Fact } from './room_row';
import { Link, useRouter } from './router';
import { SessionContext } from './session';
import { Timeline } from './timeline_view';
import { lanesOf, totalUs } from './timeline';
import type { Lane } from './timeline';
import { SpeakerSection } from './tracks';
import { failureWords, peopleWords, recordingState, titleOf } from './words';

const EVERY_MS = 4000;

/** One recording: what it is, when who was heard, and its files to play and to keep. */
export function RecordingPage({ id }: { id: string }) {
	const load = useCallback((signal: AbortSignal) => getRecording(id, signal), [id]);
	const [settled, setSettled] = useState(false);
	const poll = usePoll(load, settled ? null : EVERY_MS);
	const done = poll.data !== null && (poll.data.state === 'ready' || poll.data.state === 'degraded' || poll.data.state === 'failed');
	if (done !== settled) setSettled(done);
	return (
		<>
			<Link className="back" to={{ page: 'recordings', room: '', search: '' }}>
				<ArrowLeft size={16} aria-hidden="true" />
				All recordings
			</Link>
			{poll.data === null ? <PageHead title="Recording" /> : null}
			<Loaded poll={poll} title="The recording can’t be shown" rows={5}>
				{(recording) => <Detail recording={recording} now={poll.at} />}
			</Loaded>
		</>
	);
}

function Detail({ recording, now }: { recording: Recording; now: number }) {
	const [deleting, setDeleting] = useState(false);
	const lanes = useMemo(() => lanesOf(recording), [recording]);
	const players = usePlayers(lanes);
	const speakers = groups(lanes);
	return (
		<>
			<PageHead title={titleOf(recording)} lead={`${moment(recording.t0_utc, now, here())}, ${peopleWords(recording.participants.length)}`}>
				<Button icon={<Trash2 size={16} aria-hidden="true" />} onClick={() => setDeleting(true)}>
					Delete
				</Button>
			</PageHead>
			<Facts recording={recording} now={now} />
			{lanes.length === 0 ? (
				<Nothing state={recording.state} />
			) : (
				<>
					<Timeline lanes={lanes} total={totalUs(recording)} players={players} />
					{speakers.map((own) => (
						<SpeakerSection key={own[0]?.participant} recording={recording} lanes={own} players={players} many={recording.tracks.length > 12} />
					))}
				</>
			)}
			<DeleteDialog recording={recording} open={deleting} onClose={() => setDeleting(false)} />
		</>
	);
}

function Nothing({ state }: { state: Recording['state'] }) {
	if (state === 'recording') {
		return (
			<Empty icon={<VideoOff size={24} />} title="Nothing has been heard yet">
				<p>A track appears as soon as somebody turns on a microphone or a camera.</p>
			</Empty>
		);
	}
	return (
		<Empty icon={<VideoOff size={24} />} title="There is nothing in this recording">
			<p>{state === 'failed' ? 'No file of it is left to play. You can delete it.' : 'Nobody had a microphone or a camera on while it ran. You can delete it.'}</p>
		</Empty>
	);
}

/** The lanes of each participant together, in the order they come. */
function groups(lanes: readonly Lane[]): readonly (readonly Lane[])[] {
	return [...Map.groupBy(lanes, (lane) => lane.participant).values()];
}

function Facts({ recording, now }: { recording: Recording; now: number }) {
	const state = recordingState(recording);
	const running = recording.state === 'recording';
	const by = starter(recording);
	return (
		<section className="card summary" aria-label="About this recording">
			<div className="summary-state">
				<State tone={state.tone}>{state.short}</State>
				<p className="quiet">{state.long}</p>
			</div>
			<dl className="facts">
				<Fact name="Length">
					<span className="ticking">{timecode(running ? (now - recording.t0_utc) * 1000 : totalUs(recording))}</span>
				</Fact>
				<Fact name="Size">
					{size(bytesOf(recording))} in {recording.tracks.length === 1 ? '1 file' : `${recording.tracks.length} files`}
				</Fact>
				{by === '' ? null : <Fact name="Started by">{by}</Fact>}
				<Fact name="Room">
					<Link className="truncate" to={{ page: 'recordings', room: recording.room, search: '' }} title={recording.room}>
						{recording.room}
					</Link>
				</Fact>
				<Fact name="Recording id">
					<Copyable label="Copy recording id" value={recording.id} />
				</Fact>
			</dl>
		</section>
	);
}

/** Who started it, by name; "" when only an id is known. */
function starter(recording: Recording): string {
	const name = recording.participants.find(({ id }) => id === recording.started_by)?.name;
	return name ?? (/^p\d+$/.test(recording.started_by) ? '' : recording.started_by);
}

function DeleteDialog({ recording, open, onClose }: { recording: Recording; open: boolean; onClose: () => void }) {
	const { go } = useRouter();
	const { notify } = useContext(SessionContext);
	const { busy, failure, run, forget } = useAction();
	const close = () => {
		forget();
		onClose();
	};
	const erase = () => {
		run(async (signal) => {
			await deleteRecording(recording.id, signal);
			notify({ tone: 'good', text: `The recording “${titleOf(recording)}” was deleted.` });
			go({ page: 'recordings', room: '', search: '' });
		});
	};
	const files = recording.tracks.length === 1 ? 'its file' : `its ${recording.tracks.length} files`;
	return (
		<Danger
			open={open}
			title={`Delete “${titleOf(recording)}”`}
			text={`The recording of ${within(moment(recording.t0_utc, Date.now(), here()))} goes with ${files}, ${size(bytesOf(recording))}. This can’t be undone.`}
			action="Delete recording"
			busy={busy}
			error={failure === null ? null : deleteWords(failure)}
			onConfirm={erase}
			onClose={close}
		/>
	);
}

function deleteWords(failure: Failure): string {
	if (failure.kind === 'refused' && failure.status === 409) {
		return 'It is still running or being finished. Stop the recording in the meeting, wait a moment, then delete it.';
	}
	return failureWords(failure);
}
