import { useEffect, useRef } from 'react';
import type { CSSProperties, KeyboardEvent, PointerEvent } from 'react';
import { timecode } from './format';
import type { Players } from './players';
import { clamp, ticks } from './timeline';
import type { Lane, Stretch } from './timeline';
import type { Cue } from './vtt';
import { gapWords, sourceWords } from './words';

const STEP_US = 5_000_000;

type TimelineProps = { lanes: readonly Lane[]; total: number; players: Players; /** When who speaks, by name; empty until that was made. */ speech: ReadonlyMap<string, readonly Cue[]> };

/** When who was heard and seen: a lane per source. A click on a lane plays it from there. */
export function Timeline({ lanes, total, players, speech }: TimelineProps) {
	const root = useRef<HTMLDivElement>(null);
	const { now } = players;
	useEffect(() => {
		const element = root.current;
		if (element === null) return;
		let frame = 0;
		const draw = () => {
			const at = now();
			if (at !== null) {
				element.dataset.at = timecode(at);
				element.style.setProperty('--at', String(clamp(at / Math.max(total, 1), 0, 1)));
			}
			frame = requestAnimationFrame(draw);
		};
		draw();
		return () => cancelAnimationFrame(frame);
	}, [now, total]);
	return (
		<section className="card timeline" aria-labelledby="timeline-title">
			<header className="timeline-head">
				<h2 id="timeline-title">Timeline</h2>
				<p className="legend">
					<span className="key" data-kind="content" /> Recorded
					{speech.size === 0 ? null : (
						<>
							<span className="key" data-kind="speech" /> Speaks
						</>
					)}
					<span className="key" data-kind="gap" /> Muted, off or lost
				</p>
			</header>
			<div className="lanes" ref={root}>
				<div className="lane" aria-hidden="true">
					<span />
					<div className="ruler">
						{ticks(total, 6).map((us) => (
							<span key={us} className="tick ticking" style={place(us, us, total)}>
								{timecode(us)}
							</span>
						))}
					</div>
				</div>
				{lanes.map((lane, index) => (
					<LaneRow key={lane.key} lane={lane} total={total} players={players} speech={lane.source === 'microphone' ? (speech.get(lane.name) ?? []) : []} first={lanes[index - 1]?.participant !== lane.participant} />
				))}
				<div className="playhead" aria-hidden="true" />
			</div>
		</section>
	);
}

function LaneRow({ lane, total, players, speech, first }: { lane: Lane; total: number; players: Players; speech: readonly Cue[]; first: boolean }) {
	const playable = lane.tracks.some((track) => track.state !== 'open');
	const clicked = (event: PointerEvent<HTMLDivElement>) => {
		const box = event.currentTarget.getBoundingClientRect();
		players.seek(lane, clamp((event.clientX - box.left) / Math.max(box.width, 1), 0, 1) * total);
	};
	const steered = (event: KeyboardEvent<HTMLDivElement>) => {
		const at = players.now() ?? 0;
		const to = { ArrowRight: at + STEP_US, ArrowLeft: at - STEP_US, Home: 0, Enter: at, ' ': at }[event.key];
		if (to === undefined) return;
		event.preventDefault();
		players.seek(lane, clamp(to, 0, total));
	};
	const label = `${lane.name}, ${sourceWords(lane.source).toLowerCase()}`;
	return (
		<div className="lane" data-first={first || undefined}>
			<span className="lane-label">
				<span className="lane-name truncate" title={lane.name}>
					{lane.name}
				</span>
				<span className="lane-source">{sourceWords(lane.source)}</span>
			</span>
			<div
				className="lane-bar"
				role="button"
				tabIndex={playable ? 0 : -1}
				aria-disabled={!playable || undefined}
				aria-label={`${label}: play from a point of the timeline. Arrow keys move five seconds.`}
				onPointerUp={playable ? clicked : undefined}
				onKeyDown={playable ? steered : undefined}
			>
				{lane.stretches.map((stretch) => (
					<span key={`${stretch.kind}${stretch.from}`} className="stretch" data-kind={stretch.kind} style={place(stretch.from, stretch.to, total)} title={stretchWords(stretch, lane)} />
				))}
				{speech.map(({ from, to }) => (
					<span key={from} className="stretch" data-kind="speech" style={place(from, to, total)} title={`Speaks, ${timecode(from)} to ${timecode(to)}`} />
				))}
			</div>
		</div>
	);
}

function stretchWords(stretch: Stretch, lane: Lane): string {
	const what = stretch.kind === 'content' ? sourceWords(lane.source) : gapWords(stretch.gap.reason, lane.source);
	return `${what}, ${timecode(stretch.from)} to ${timecode(stretch.to)}`;
}

/** The variables that place something between two moments. */
function place(from: number, to: number, total: number): CSSProperties {
	const share = (us: number) => clamp(us / Math.max(total, 1), 0, 1).toFixed(5);
	const style: Record<string, string> = { '--from': share(from), '--to': share(to) };
	return style;
}
