import type { Gap, Recording, SourceName, Track } from './model';

/** A stretch of a lane, in microseconds of the recording: content, or a gap with its reason. */
export type Stretch = Readonly<{ from: number; to: number } & ({ kind: 'content' } | { kind: 'gap'; gap: Gap })>;

/** What one source of one participant has over the whole recording; several files if it was started again. */
export type Lane = Readonly<{
	key: string;
	participant: string;
	name: string;
	source: SourceName;
	tracks: readonly Track[];
	stretches: readonly Stretch[];
}>;

const ORDER: readonly SourceName[] = ['microphone', 'camera', 'screen', 'screen_audio', 'other'];

/** How long the recording is: as its manifest says, or as far as its files reach while it says less. */
export function totalUs(recording: Recording): number {
	return recording.tracks.reduce((end, track) => Math.max(end, track.start_us + track.duration_us), recording.duration_us);
}

/** The lanes of a recording: participants in their order, of each its microphone, camera and screen. */
export function lanesOf(recording: Recording): readonly Lane[] {
	const names = new Map(recording.participants.map(({ id, name }) => [id, name]));
	const ids = new Set([...names.keys(), ...recording.tracks.map((track) => track.participant)]);
	return [...ids].flatMap((participant) =>
		ORDER.flatMap((source): Lane[] => {
			const tracks = recording.tracks
				.filter((track) => track.participant === participant && track.source === source)
				.sort((a, b) => a.start_us - b.start_us);
			if (tracks.length === 0) return [];
			const name = names.get(participant) ?? participant;
			return [{ key: `${participant}/${source}`, participant, name, source, tracks, stretches: tracks.flatMap(stretchesOf) }];
		}),
	);
}

/** A file's stretches in order: its span, cut by its gaps. */
export function stretchesOf(track: Track): Stretch[] {
	const end = track.start_us + track.duration_us;
	const out: Stretch[] = [];
	let at = track.start_us;
	for (const gap of [...track.gaps].sort((a, b) => a.from_us - b.from_us)) {
		const from = Math.max(gap.from_us, at);
		const to = Math.min(gap.to_us, end);
		if (to <= from) continue;
		if (from > at) out.push({ kind: 'content', from: at, to: from });
		out.push({ kind: 'gap', from, to, gap });
		at = to;
	}
	if (end > at) out.push({ kind: 'content', from: at, to: end });
	return out;
}

const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800];

/** Where the ruler has marks, in microseconds: round times, at most `most` of them after 0. */
export function ticks(total: number, most: number): readonly number[] {
	if (total <= 0) return [0];
	const seconds = total / 1_000_000;
	const step = STEPS_S.find((candidate) => seconds / candidate <= most) ?? Math.ceil(seconds / most / 3600) * 3600;
	return Array.from({ length: Math.floor(seconds / step) + 1 }, (_, index) => index * step * 1_000_000);
}

/** The file of a lane to play for a moment of the recording, and where in it: the one that holds it, else the nearest. */
export function fileAt(lane: Lane, us: number): Readonly<{ track: Track; seconds: number }> | null {
	const distance = (track: Track) => Math.max(track.start_us - us, us - (track.start_us + track.duration_us), 0);
	const [track] = lane.tracks.filter((candidate) => candidate.state !== 'open').sort((a, b) => distance(a) - distance(b));
	if (track === undefined) return null;
	return { track, seconds: clamp(us - track.start_us, 0, track.duration_us) / 1_000_000 };
}

export type GapSummary = Readonly<{ reason: Gap['reason']; times: number; us: number }>;

/** The gaps of a track by reason, longest first. */
export function summarise(gaps: readonly Gap[]): readonly GapSummary[] {
	const sums = new Map<Gap['reason'], GapSummary>();
	for (const { reason, from_us, to_us } of gaps) {
		const { times, us } = sums.get(reason) ?? { times: 0, us: 0 };
		sums.set(reason, { reason, times: times + 1, us: us + Math.max(to_us - from_us, 0) });
	}
	return [...sums.values()].sort((a, b) => b.us - a.us);
}

/** The value held between two bounds. */
export function clamp(value: number, low: number, high: number): number {
	return Math.min(Math.max(value, low), Math.max(low, high));
}
