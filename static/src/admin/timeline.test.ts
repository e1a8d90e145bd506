import { describe, expect, it } from 'vitest';
import type { Gap, Recording, Track } from './model';
import { fileAt, lanesOf, stretchesOf, summarise, ticks, totalUs } from './timeline';

const S = 1_000_000;

function track(over: Partial<Track>): Track {
	return {
		id: `${over.participant ?? 'p1'}-${over.source ?? 'microphone'}-${over.start_us ?? 0}`,
		participant: 'p1',
		source: 'microphone',
		codec: 'opus',
		path: 'a.webm',
		start_us: 0,
		duration_us: 10 * S,
		bytes: 1,
		sha256: '',
		state: 'final',
		width: 0,
		height: 0,
		gaps: [],
		stats: { packets: 0, lost: 0, frames: 0, dropped_frames: 0, keyframe_requests: 0 },
		...over,
	};
}

function recording(tracks: readonly Track[], over: Partial<Recording> = {}): Recording {
	return {
		id: '01J',
		room: 'r',
		title: '',
		creator_id: 1,
		state: 'ready',
		started_by: '',
		stop_reason: 'host',
		t0_utc: 0,
		duration_us: 20 * S,
		hold: false,
		problems: [],
		derived: [],
		participants: [
			{ id: 'p1', name: 'Ann', sessions: [] },
			{ id: 'p2', name: 'Bo', sessions: [] },
		],
		tracks,
		...over,
	};
}

const gap = (from: number, to: number, reason: Gap['reason'] = 'mute'): Gap => ({ from_us: from * S, to_us: to * S, reason });
const shape = (item: Track) => stretchesOf(item).map(({ kind, from, to }) => `${kind} ${from / S}-${to / S}`);

describe('the stretches of a file', () => {
	it.each([
		['are one without gaps', [], ['content 2-12']],
		['are cut by gaps', [gap(4, 5), gap(8, 9)], ['content 2-4', 'gap 4-5', 'content 5-8', 'gap 8-9', 'content 9-12']],
		['take gaps in any order', [gap(8, 9), gap(4, 5)], ['content 2-4', 'gap 4-5', 'content 5-8', 'gap 8-9', 'content 9-12']],
		['end where the file does', [gap(0, 3), gap(11, 30)], ['gap 2-3', 'content 3-11', 'gap 11-12']],
		['merge gaps that overlap', [gap(4, 8), gap(6, 9)], ['content 2-4', 'gap 4-8', 'gap 8-9', 'content 9-12']],
		['leave out gaps elsewhere', [gap(0, 1), gap(5, 5), gap(20, 30)], ['content 2-12']],
		['may be all gap', [gap(0, 30)], ['gap 2-12']],
	])('%s', (_, gaps, want) => {
		expect(shape(track({ start_us: 2 * S, gaps }))).toEqual(want);
	});

	it('are none for an empty file', () => {
		expect(shape(track({ duration_us: 0, gaps: [gap(0, 1)] }))).toEqual([]);
	});
});

describe('lanes', () => {
	const lanes = lanesOf(
		recording([
			track({ participant: 'p2', source: 'screen' }),
			track({ participant: 'p1', source: 'camera' }),
			track({ participant: 'p1', start_us: 12 * S, duration_us: 3 * S }),
			track({ participant: 'p1' }),
			track({ participant: 'p9' }),
		]),
	);

	it('come by participant, the voice first; an unknown one last', () => {
		expect(lanes.map(({ name, source }) => `${name} ${source}`)).toEqual(['Ann microphone', 'Ann camera', 'Bo screen', 'p9 microphone']);
	});

	it('hold all files of a source, in order', () => {
		expect(lanes[0]?.tracks.map(({ start_us }) => start_us)).toEqual([0, 12 * S]);
		expect(lanes[0]?.stretches.map(({ from, to }) => [from / S, to / S])).toEqual([
			[0, 10],
			[12, 15],
		]);
	});

	it.each([
		[5, 0, 5],
		[11.2, 12, 0],
		[10.5, 0, 10],
		[14, 12, 2],
		[99, 12, 3],
	])('at %d s play the file that began at %d s, from %d s', (at, start, seconds) => {
		const [lane] = lanes;
		const file = lane === undefined ? null : fileAt(lane, at * S);
		expect(file?.track.start_us).toBe(start * S);
		expect(file?.seconds).toBe(seconds);
	});

	it('have nothing to play while their file is written', () => {
		const [lane] = lanesOf(recording([track({ state: 'open' })]));
		expect(lane === undefined ? undefined : fileAt(lane, 0)).toBeNull();
	});
});

describe('the ruler', () => {
	it.each([
		[0, [0]],
		[6, [0, 1, 2, 3, 4, 5, 6]],
		[45, [0, 10, 20, 30, 40]],
		[3600, [0, 600, 1200, 1800, 2400, 3000, 3600]],
	])('of %d s has marks at %j', (seconds, want) => {
		expect(ticks(seconds * S, 6).map((us) => us / S)).toEqual(want);
	});

	it.each([1, 59, 61, 5405, 86_400, 700_000])('of %d s has few marks, none past the end', (seconds) => {
		const marks = ticks(seconds * S, 6);
		expect(marks.length).toBeLessThanOrEqual(7);
		expect(Math.max(...marks)).toBeLessThanOrEqual(seconds * S);
	});

	it('reaches to the last file while the recording runs', () => {
		expect(totalUs(recording([track({ start_us: 15 * S })], { duration_us: 0 }))).toBe(25 * S);
		expect(totalUs(recording([]))).toBe(20 * S);
	});
});

describe('gaps', () => {
	it('are summed by reason, longest first', () => {
		expect(summarise([gap(1, 2, 'loss'), gap(3, 6), gap(8, 9), gap(9, 8)])).toEqual([
			{ reason: 'mute', times: 3, us: 4 * S },
			{ reason: 'loss', times: 1, us: S },
		]);
	});
});
