import { ArrowLeft, Download, Link2, Lock, LockOpen, Trash2, TriangleAlert, VideoOff } from 'lucide-react';
import { useCallback, useContext, useMemo, useRef, useState } from 'react';
import { Button } from '../design';
import { deleteRecording, getRecording } from './api';
import type { Failure } from './api';
import { archiveUrl, holdRecording } from './derived_api';
import { DerivedCard } from './derived_card';
import { FileLinkDialog } from './file_link';
import { moment, size, timecode, within } from './format';
import { MeetingPlayer, useStory } from './meeting_player';
import type { MeetingControl } from './meeting_player';
import type { Recording } from './model';
import { Copyable, Empty, Fact, here, Loaded, PageHead, State } from './parts';
import { usePlayers } from './players';
import type { Players } from './players';
import { useAction, usePoll } from './poll';
import { bytesOf } from './recordings';
import { RECORDINGS } from './route';
import { Link, useRouter } from './router';
import { SessionContext } from './session';
import { Sure } from './sure';
import type { Question } from './sure';
import { Timeline } from './timeline_view';
import { lanesOf, totalUs } from './timeline';
import type { Lane } from './timeline';
import { SpeakerSection } from './tracks';
import { failureWords, peopleWords, recordingState, sentence, titleOf } from './words';

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
			<Link className="back" to={RECORDINGS}>
				<ArrowLeft size={16} aria-hidden="true" />
				All recordings
			</Link>
			{poll.data === null ? <PageHead title="Recording" /> : null}
			<Loaded poll={poll} title="The recording can’t be shown" rows={5}>
				{(recording) => <Detail recording={recording} now={poll.at} onChange={poll.refresh} />}
			</Loaded>
		</>
	);
}

function Detail({ recording, now, onChange }: { recording: Recording; now: number; onChange: () => void }) {
	const { go } = useRouter();
	const [deleting, setDeleting] = useState(false);
	const [linking, setLinking] = useState<string | null>(null);
	const lanes = useMemo(() => lanesOf(recording), [recording]);
	const players = usePlayers(lanes);
	const meeting = useRef<MeetingControl>(null);
	const story = useStory(recording);
	const shared = useMemo((): Players => {
		const follows = () => meeting.current?.used() === true;
		return {
			...players,
			seek: (lane, us) => (follows() ? meeting.current?.seek(us) : players.seek(lane, us)),
			now: () => (follows() ? (meeting.current?.now() ?? null) : players.now()),
		};
	}, [players]);
	const over = recording.state === 'ready' || recording.state === 'degraded';
	return (
		<>
			<PageHead title={titleOf(recording)} lead={`${moment(recording.t0_utc, now, here())}, ${peopleWords(recording.participants.length)}`}>
				<RecordingActions recording={recording} onDelete={() => setDeleting(true)} onLink={() => setLinking('')} onChange={onChange} />
			</PageHead>
			<Facts recording={recording} now={now} />
			{lanes.length === 0 ? (
				<Nothing state={recording.state} />
			) : (
				<>
					<MeetingPlayer recording={recording} story={story} control={meeting} />
					<Timeline lanes={lanes} total={totalUs(recording)} players={shared} speech={story.speech} />
					{over ? <DerivedCard recording={recording} onChange={onChange} onLink={setLinking} /> : null}
					{groups(lanes).map((own) => (
						<SpeakerSection key={own[0]?.participant} recording={recording} lanes={own} players={players} many={recording.tracks.length > 12} />
					))}
				</>
			)}
			<FileLinkDialog recording={recording} file={linking} onClose={() => setLinking(null)} />
			<Sure question={deleting ? deleteQuestion(recording) : null} onClose={() => setDeleting(false)} onDone={() => go(RECORDINGS)} />
		</>
	);
}

type ActionsProps = { recording: Recording; onDelete: () => void; onLink: () => void; onChange: () => void };

/** What can be done with a whole recording. A hold is for admins; what is held can't be deleted. */
function RecordingActions({ recording, onDelete, onLink, onChange }: ActionsProps) {
	const { user, notify } = useContext(SessionContext);
	const { busy, run } = useAction((failure) => notify({ tone: 'danger', text: failureWords(failure) }));
	const over = recording.state === 'ready' || recording.state === 'degraded';
	const hold = () => {
		run(async (signal) => {
			await holdRecording(recording.id, !recording.hold, signal);
			notify({ tone: 'good', text: recording.hold ? 'The recording is no longer held.' : 'The recording is on legal hold. Nobody can delete it.' });
			onChange();
		});
	};
	return (
		<div className="actions">
			{over && recording.tracks.length > 0 ? (
				<>
					<a className="button" data-kind="outlined" href={archiveUrl(recording.id)} download>
						<Download size={16} aria-hidden="true" />
						Download all
					</a>
					<Button icon={<Link2 size={16} aria-hidden="true" />} onClick={onLink}>
						Make a link
					</Button>
				</>
			) : null}
			{user.role === 'admin' && over ? (
				<Button disabled={busy} aria-pressed={recording.hold} icon={recording.hold ? <LockOpen size={16} aria-hidden="true" /> : <Lock size={16} aria-hidden="true" />} onClick={hold}>
					{recording.hold ? 'Release hold' : 'Hold'}
				</Button>
			) : null}
			<Button icon={<Trash2 size={16} aria-hidden="true" />} disabled={recording.hold} title={recording.hold ? 'It is on legal hold' : undefined} onClick={onDelete}>
				Delete
			</Button>
		</div>
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
				{recording.hold ? <State tone="busy">On legal hold</State> : null}
			</div>
			<Problems recording={recording} />
			<dl className="facts">
				<Fact name="Length">
					<span className="ticking">{timecode(running ? (now - recording.t0_utc) * 1000 : totalUs(recording))}</span>
				</Fact>
				<Fact name="Size">
					{size(bytesOf(recording))} in {recording.tracks.length === 1 ? '1 file' : `${recording.tracks.length} files`}
				</Fact>
				{by === '' ? null : <Fact name="Started by">{by}</Fact>}
				<Fact name="Room">
					<Link className="truncate" to={{ page: 'room', id: recording.room, tab: 'now' }} title={recording.room}>
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

/** What the server found wrong with it, in its words. */
function Problems({ recording }: { recording: Recording }) {
	if (recording.problems.length === 0) return null;
	const about = (path: string) => recording.tracks.find((track) => track.path === path);
	const whose = (path: string) => recording.participants.find(({ id }) => id === about(path)?.participant)?.name ?? '';
	return (
		<ul className="problems" aria-label="What is wrong with it">
			{recording.problems.map(({ code, track, detail }, index) => (
				<li key={index}>
					<TriangleAlert size={16} aria-hidden="true" />
					<span>
						{whose(track) === '' ? '' : `${whose(track)}: `}
						{sentence(detail === '' ? code.replaceAll('_', ' ') : detail)}
					</span>
				</li>
			))}
		</ul>
	);
}

/** Who started it, by name; "" when only an id is known. */
function starter(recording: Recording): string {
	const name = recording.participants.find(({ id }) => id === recording.started_by)?.name;
	return name ?? (/^p\d+$/.test(recording.started_by) ? '' : recording.started_by);
}

function deleteQuestion(recording: Recording): Question {
	const files = recording.tracks.length === 1 ? 'its file' : `its ${recording.tracks.length} files`;
	return {
		title: `Delete “${titleOf(recording)}”`,
		text: `The recording of ${within(moment(recording.t0_utc, Date.now(), here()))} goes with ${files}, ${size(bytesOf(recording))}. This can’t be undone.`,
		action: 'Delete recording',
		done: `The recording “${titleOf(recording)}” was deleted.`,
		work: (signal) => deleteRecording(recording.id, signal),
		whyNot: deleteWords,
	};
}

function deleteWords(failure: Failure): string {
	if (failure.kind === 'refused' && failure.status === 409) {
		return 'It is still running or being finished. Stop the recording in the meeting, wait a moment, then delete it.';
	}
	return failureWords(failure);
}
