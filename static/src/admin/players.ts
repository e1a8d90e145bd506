import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { createEnsemble } from './ensemble';
import type { Ensemble, Voice } from './ensemble';
import type { Track } from './model';
import { fileAt } from './timeline';
import type { Lane } from './timeline';

/** The players of a recording. One file plays at a time, or those of one participant together. */
export type Players = Readonly<{
	/** Keeps the element of a track; returns the function that forgets it. */
	register: (track: Track, element: HTMLMediaElement) => () => void;
	/** Called when an element starts by itself: the others stop. */
	started: (track: Track) => void;
	/** The participant whose files play together, or null. */
	together: string | null;
	/** Plays a participant's microphone and camera together, or apart again with null. */
	join: (participant: string | null) => void;
	/** What plays together; null while nothing does. */
	ensemble: Ensemble | null;
	/** Plays a lane from a moment of the recording. */
	seek: (lane: Lane, us: number) => void;
	/** The moment of the recording that was last played, in microseconds; null before anything was. */
	now: () => number | null;
	/** Goes up when the ensemble starts, stops or is moved. */
	changes: number;
}>;

type Entry = Readonly<{ track: Track; element: HTMLMediaElement }>;

/** Whether a lane is part of what plays together: a voice and its picture. */
export function joins(lane: Lane): boolean {
	return lane.source === 'microphone' || lane.source === 'camera';
}

/** The players of these lanes. */
export function usePlayers(lanes: readonly Lane[]): Players {
	const entries = useRef(new Map<string, Entry>());
	const current = useRef<string>(null);
	const left = useRef({ at: 0, playing: true });
	const [together, setTogether] = useState<string | null>(null);
	const [ensemble, setEnsemble] = useState<Ensemble | null>(null);
	const [changes, setChanges] = useState(0);

	useEffect(() => {
		if (together === null) return;
		const life = new AbortController();
		const voices = voicesOf(lanes, together, entries.current);
		const { at, playing } = left.current;
		const made = createEnsemble(voices, at, () => setChanges((old) => old + 1), life.signal);
		if (playing) made.play();
		setEnsemble(made);
		return () => {
			left.current = { at: made.now(), playing: made.playing() };
			life.abort();
			setEnsemble(null);
		};
	}, [lanes, together]);

	const join = useCallback((participant: string | null) => {
		for (const { element } of entries.current.values()) element.pause();
		left.current = { at: momentOf(entries.current.get(current.current ?? '')), playing: true };
		setTogether(participant);
	}, []);
	const register = useCallback((track: Track, element: HTMLMediaElement) => {
		const kept = entries.current;
		kept.set(track.id, { track, element });
		return () => {
			if (kept.get(track.id)?.element === element) kept.delete(track.id);
		};
	}, []);
	const started = useCallback(
		(track: Track) => {
			if (track.participant === together && (track.source === 'microphone' || track.source === 'camera')) return;
			setTogether(null);
			current.current = track.id;
			for (const [id, { element }] of entries.current) if (id !== track.id) element.pause();
		},
		[together],
	);
	const seek = useCallback(
		(lane: Lane, us: number) => {
			if (ensemble !== null && lane.participant === together && joins(lane)) {
				ensemble.seek(us / 1_000_000);
				ensemble.play();
				return;
			}
			const file = fileAt(lane, us);
			const entry = file === null ? undefined : entries.current.get(file.track.id);
			if (file === null || entry === undefined) return;
			playFrom(entry.element, file.seconds);
		},
		[ensemble, together],
	);
	const now = useCallback(() => {
		if (ensemble !== null) return ensemble.now() * 1_000_000;
		const entry = entries.current.get(current.current ?? '');
		return entry === undefined ? null : momentOf(entry) * 1_000_000;
	}, [ensemble]);
	return useMemo(
		() => ({ register, started, together, join, ensemble, seek, now, changes }),
		[register, started, together, join, ensemble, seek, now, changes],
	);
}

/** What plays together for a participant; the microphone leads. */
function voicesOf(lanes: readonly Lane[], participant: string, entries: ReadonlyMap<string, Entry>): Voice[] {
	return lanes
		.filter((lane) => lane.participant === participant && joins(lane))
		.flatMap((lane) => lane.tracks)
		.flatMap((track): Voice[] => {
			const entry = entries.get(track.id);
			if (entry === undefined) return [];
			return [{ piece: { start: track.start_us / 1_000_000, duration: track.duration_us / 1_000_000 }, element: entry.element }];
		});
}

/** Where on the recording's timeline an element is, in seconds. */
function momentOf(entry: Entry | undefined): number {
	return entry === undefined ? 0 : entry.track.start_us / 1_000_000 + entry.element.currentTime;
}

function playFrom(element: HTMLMediaElement, seconds: number): void {
	const start = () => {
		element.currentTime = seconds;
		element.play().catch(() => undefined); // the element itself says why it can't
	};
	if (element.readyState >= HTMLMediaElement.HAVE_METADATA) {
		start();
		return;
	}
	element.addEventListener('loadedmetadata', start, { once: true });
	element.load();
}
