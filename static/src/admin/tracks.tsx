import { CirclePause, Download, Link2, Link2Off, Pause, Play } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Avatar, Button, IconButton } from '../design';
import { downloadUrl, fileUrl } from './api';
import { size, stretchLength, timecode } from './format';
import type { Recording, Track } from './model';
import { Copyable, State } from './parts';
import { joins } from './players';
import type { Players } from './players';
import { extent } from './sync';
import { summarise } from './timeline';
import type { Lane } from './timeline';
import { gapWords, sourceWords } from './words';

type SectionProps = { recording: Recording; lanes: readonly Lane[]; players: Players; many: boolean };

/** What there is of one participant. */
export function SpeakerSection({ recording, lanes, players, many }: SectionProps) {
	const [first] = lanes;
	if (first === undefined) return null;
	const { participant, name } = first;
	const voices = lanes.filter((lane) => joins(lane) && lane.tracks.some((track) => track.state !== 'open'));
	const both = voices.length === 2;
	const linked = players.together === participant;
	return (
		<section className="card speaker" aria-label={name}>
			<header className="speaker-head">
				<Avatar name={name} seed={participant} />
				<div className="speaker-words">
					<h2 className="truncate" title={name}>
						{name}
					</h2>
					<p className="quiet">{sessionWords(recording, participant)}</p>
				</div>
				{both ? (
					<Button
						kind={linked ? 'outlined' : 'filled'}
						icon={linked ? <Link2Off size={16} aria-hidden="true" /> : <Link2 size={16} aria-hidden="true" />}
						onClick={() => players.join(linked ? null : participant)}
					>
						{linked ? 'Play apart' : 'Play together'}
					</Button>
				) : null}
			</header>
			{linked ? <Transport lanes={voices} players={players} name={name} /> : null}
			<div className="tracks">
				{lanes.flatMap((lane) =>
					lane.tracks.map((track, index) => (
						<TrackCard
							key={track.id}
							recording={recording.id}
							track={track}
							part={lane.tracks.length > 1 ? `part ${index + 1} of ${lane.tracks.length}` : ''}
							who={name}
							players={players}
							linked={linked && joins(lane)}
							many={many}
						/>
					)),
				)}
			</div>
		</section>
	);
}

function sessionWords(recording: Recording, participant: string): string {
	const sessions = recording.participants.find(({ id }) => id === participant)?.sessions ?? [];
	if (sessions.length === 0) return 'In the meeting while it was recorded.';
	const spans = sessions.map(({ join_us, leave_us }) => {
		if (leave_us > join_us) return `${timecode(join_us)} to ${timecode(leave_us)}`;
		return recording.state === 'recording' ? `${timecode(join_us)} until now` : `${timecode(join_us)} to the end`;
	});
	return `In the meeting from ${spans.join(', then ')}.`;
}

const SHOW_MS = 200;

/** The one control of several files that play together. */
function Transport({ lanes, players, name }: { lanes: readonly Lane[]; players: Players; name: string }) {
	const { ensemble } = players;
	const [, setShown] = useState(0);
	useEffect(() => {
		const timer = setInterval(() => setShown((old) => old + 1), SHOW_MS);
		return () => clearInterval(timer);
	}, []);
	const ends = extent(lanes.flatMap((lane) => lane.tracks).map((track) => ({ start: track.start_us / 1e6, duration: track.duration_us / 1e6 })));
	const at = ensemble?.now() ?? ends.from;
	const playing = ensemble?.playing() ?? false;
	return (
		<div className="transport">
			<IconButton
				label={playing ? `Pause ${name}` : `Play ${name}`}
				tone="on"
				icon={playing ? <Pause size={20} /> : <Play size={20} />}
				tip="none"
				onClick={() => (playing ? ensemble?.pause() : ensemble?.play())}
			/>
			<input
				type="range"
				className="seek"
				aria-label={`Position in what ${name} said and showed`}
				aria-valuetext={timecode(at * 1e6)}
				min={ends.from}
				max={ends.to}
				step={0.1}
				value={at}
				onChange={(event) => ensemble?.seek(event.currentTarget.valueAsNumber)}
			/>
			<span className="ticking">
				{timecode(at * 1e6)} / {timecode(ends.to * 1e6)}
			</span>
		</div>
	);
}

type TrackCardProps = { recording: string; track: Track; part: string; who: string; players: Players; linked: boolean; many: boolean };

function TrackCard({ recording, track, part, who, players, linked, many }: TrackCardProps) {
	const what = sourceWords(track.source);
	const label = `${who}, ${what.toLowerCase()}${part === '' ? '' : `, ${part}`}`;
	const video = track.source === 'camera' || track.source === 'screen';
	return (
		<article className="track" aria-label={label} data-video={video || undefined}>
			<header className="track-head">
				<h3>
					{what}
					{part === '' ? null : <span className="quiet"> {part}</span>}
				</h3>
				{track.state === 'repaired' ? <State tone="warning">Repaired</State> : null}
			</header>
			{track.state === 'open' ? (
				<p className="pending">
					<CirclePause size={20} aria-hidden="true" />
					Still being written. It can be played when the recording has stopped.
				</p>
			) : (
				<Media recording={recording} track={track} label={label} players={players} linked={linked} many={many} video={video} />
			)}
			<p className="quiet">{factWords(track)}</p>
			<Gaps track={track} />
			{track.state === 'open' ? null : (
				<footer className="track-foot">
					<a className="button" data-kind="outlined" href={downloadUrl(recording, track.path)} download aria-label={`Download ${label}`}>
						<Download size={16} aria-hidden="true" />
						Download
					</a>
					{track.sha256 === '' ? null : (
						<span className="sum">
							<span className="quiet">SHA-256</span>
							<Copyable label="Copy SHA-256" value={track.sha256} shown={`${track.sha256.slice(0, 8)}…`} />
						</span>
					)}
				</footer>
			)}
		</article>
	);
}

function factWords(track: Track): string {
	const facts = [`Starts at ${timecode(track.start_us)}`, `${timecode(track.duration_us)} long`, size(track.bytes)];
	if (track.width > 0) facts.push(`${track.width}\u00a0×\u00a0${track.height}`);
	if (track.codec !== '') facts.push(track.codec.toLowerCase() === 'opus' ? 'Opus' : track.codec.toUpperCase());
	return facts.join(', ');
}

type MediaProps = { recording: string; track: Track; label: string; players: Players; linked: boolean; many: boolean; video: boolean };

/** The element that plays a file. Its own controls go while it plays together with another. */
function Media({ recording, track, label, players, linked, many, video }: MediaProps) {
	const [broken, setBroken] = useState(false);
	const { register, started } = players;
	const [element, setElement] = useState<HTMLMediaElement | null>(null);
	useEffect(() => (element === null ? undefined : register(track, element)), [register, track, element]);
	const props = {
		ref: setElement,
		src: fileUrl(recording, track.path),
		controls: !linked,
		preload: many ? 'none' : 'metadata',
		'aria-label': label,
		onPlay: () => started(track),
		onError: () => setBroken(true),
	};
	return (
		<div className="media" data-linked={linked || undefined}>
			{video ? <video {...props} playsInline /> : <audio {...props} />}
			{broken ? (
				<p className="media-note" role="alert">
					This browser can’t play the file. Download it instead.
				</p>
			) : linked && !video ? (
				<p className="media-note">Plays together with the picture.</p>
			) : null}
		</div>
	);
}

const SHOWN_GAPS = 50;

/** What is missing in a file, in words; each stretch on demand. */
function Gaps({ track }: { track: Track }) {
	if (track.gaps.length === 0) return <p className="quiet">Nothing is missing.</p>;
	const sums = summarise(track.gaps).map(({ reason, times, us }) => {
		const often = times === 1 ? 'once' : `${times} times`;
		return `${gapWords(reason, track.source)} ${often}, ${stretchLength(us)}${times === 1 ? '' : ' in all'}`;
	});
	return (
		<details className="gaps quiet">
			<summary>{sums.join('. ')}.</summary>
			<ul>
				{track.gaps.slice(0, SHOWN_GAPS).map((gap) => (
					<li key={`${gap.from_us}-${gap.reason}`} className="ticking">
						{timecode(gap.from_us)} to {timecode(gap.to_us)}: {gapWords(gap.reason, track.source).toLowerCase()}
					</li>
				))}
				{track.gaps.length > SHOWN_GAPS ? <li>and {track.gaps.length - SHOWN_GAPS} more</li> : null}
			</ul>
		</details>
	);
}
