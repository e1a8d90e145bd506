import { MessageSquare } from 'lucide-react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { RefObject } from 'react';
import { fileUrl } from './api';
import { fileChat, fileText } from './derived_api';
import type { ChatLine } from './derived_api';
import { derivedOf, playable } from './derived_words';
import { timecode } from './format';
import type { Recording } from './model';
import { FilterSelect } from './parts';
import { usePoll } from './poll';
import { cueAt, parseVtt } from './vtt';
import type { Cue } from './vtt';

/** What the timeline asks of the player of the whole meeting. */
export type MeetingControl = Readonly<{ seek: (us: number) => void; now: () => number; /** Whether it was played, so that the timeline follows it. */ used: () => boolean }>;

/** Chapters, chat and who spoke when, as far as they were made. */
export type Story = Readonly<{ chapters: readonly Cue[]; chat: readonly ChatLine[]; speech: ReadonlyMap<string, readonly Cue[]> }>;

const NOTHING: Story = { chapters: [], chat: [], speech: new Map() };

/** Reads what was made about the recording. */
export function useStory(recording: Recording): Story {
	const { id } = recording;
	const chapters = derivedOf(recording, 'chapters', 'text/vtt')?.path;
	const speakers = derivedOf(recording, 'speakers', 'text/vtt')?.path;
	const chat = derivedOf(recording, 'chat', 'application/json')?.path;
	const load = useCallback(
		async (signal: AbortSignal): Promise<Story> => {
			const cues = async (path: string | undefined) => (path === undefined ? [] : parseVtt(await fileText(id, path, signal)));
			const spoken = await cues(speakers);
			return {
				chapters: await cues(chapters),
				chat: chat === undefined ? [] : await fileChat(id, chat, signal),
				speech: Map.groupBy(spoken, ({ voice }) => voice),
			};
		},
		[id, chapters, speakers, chat],
	);
	return usePoll(load, null).data ?? NOTHING;
}

const SPEEDS = ['0.5', '0.75', '1', '1.25', '1.5', '2'];

type PlayerProps = { recording: Recording; story: Story; control: RefObject<MeetingControl | null> };

/** Plays the whole meeting, with its chapters and its chat beside it. */
export function MeetingPlayer({ recording, story, control }: PlayerProps) {
	const files = useMemo(() => playable(recording), [recording]);
	const [chosen, setChosen] = useState('');
	const [speed, setSpeed] = useState('1');
	const [at, setAt] = useState(0);
	const [broken, setBroken] = useState(false);
	const media = useRef<HTMLVideoElement>(null);
	const used = useRef(false);
	const file = files.find(({ path }) => path === chosen) ?? files[0];
	const seek = useCallback((us: number) => {
		const element = media.current;
		if (element === null) return;
		element.currentTime = us / 1_000_000;
		element.play().catch(() => undefined); // the element itself says why it can't
	}, []);
	useEffect(() => {
		control.current = { seek, now: () => (media.current?.currentTime ?? 0) * 1_000_000, used: () => used.current };
		return () => {
			control.current = null;
		};
	}, [control, seek]);
	useEffect(() => {
		if (media.current !== null) media.current.playbackRate = Number(speed);
	}, [speed, file?.path]);
	if (file === undefined) return null;
	const keep = () => media.current !== null && setAt(media.current.currentTime * 1_000_000);
	return (
		<section className="card padded meeting-player" aria-labelledby="player-title" data-beside={story.chapters.length + story.chat.length > 0 || undefined}>
			<header className="card-head">
				<h2 id="player-title">The meeting</h2>
				<div className="player-do">
					{files.length < 2 ? null : <FilterSelect label="Which file" value={file.path} options={files.map(({ path, title }) => ({ value: path, label: title }))} onPick={setChosen} />}
					<FilterSelect label="Speed" value={speed} options={SPEEDS.map((value) => ({ value, label: `${value}×` }))} onPick={setSpeed} />
				</div>
			</header>
			<div className="player-body">
				<div className="media" data-sound={file.type.startsWith('audio/') || undefined}>
					<video
						key={file.path}
						ref={media}
						src={fileUrl(recording.id, file.path)}
						controls
						playsInline
						preload="metadata"
						aria-label={`The meeting, ${file.title}`}
						onPlay={(event) => {
							used.current = true;
							event.currentTarget.playbackRate = Number(speed);
						}}
						onTimeUpdate={keep}
						onSeeked={keep}
						onError={() => setBroken(true)}
					/>
					{broken ? (
						<p className="media-note" role="alert">
							This browser can’t play the file. Download it instead.
						</p>
					) : null}
				</div>
				<Beside story={story} at={at} seek={seek} />
			</div>
		</section>
	);
}

function Beside({ story: { chapters, chat }, at, seek }: { story: Story; at: number; seek: (us: number) => void }) {
	const list = useRef<HTMLOListElement>(null);
	const said = cueAt(chat, at);
	useEffect(() => {
		const row = list.current?.children[said];
		if (list.current !== null && row instanceof HTMLElement) list.current.scrollTop = row.offsetTop - list.current.offsetTop;
	}, [said]);
	if (chapters.length + chat.length === 0) return null;
	const now = cueAt(chapters, at);
	return (
		<div className="beside">
			{chapters.length === 0 ? null : (
				<>
					<h3>Chapters</h3>
					<ol className="chapters">
						{chapters.map((chapter, index) => (
							<li key={`${chapter.from}`}>
								<button type="button" className="chapter" aria-current={index === now ? 'true' : undefined} onClick={() => seek(chapter.from)}>
									<span className="ticking quiet">{timecode(chapter.from)}</span> <span>{chapter.text}</span>
								</button>
							</li>
						))}
					</ol>
				</>
			)}
			{chat.length === 0 ? null : (
				<>
					<h3>
						<MessageSquare size={16} aria-hidden="true" /> Chat
					</h3>
					<ol className="said" ref={list} tabIndex={0} aria-label="Chat">
						{chat.map((line, index) => (
							<li key={index} data-now={index === said || undefined}>
								<button type="button" className="said-time ticking" aria-label={`Play from ${timecode(line.from)}`} onClick={() => seek(line.from)}>
									{timecode(line.from)}
								</button>
								<p>
									<strong>{line.name}</strong> {line.text}
								</p>
							</li>
						))}
					</ol>
				</>
			)}
		</div>
	);
}
