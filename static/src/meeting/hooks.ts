import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { RefObject } from 'react';
import { createVoiceMeter } from '../client';
import type { Store } from '../client';
import type { Size } from './layout';

/** The value of a store, now and after every change. */
export function useStore<T>(store: Store<T>): T {
	return useSyncExternalStore(store.subscribe, store.get);
}

/** The time, told anew every stepMs. */
export function useNow(stepMs: number): number {
	const [now, setNow] = useState(() => Date.now());
	useEffect(() => {
		const timer = setInterval(() => setNow(Date.now()), stepMs);
		return () => clearInterval(timer);
	}, [stepMs]);
	return now;
}

/** The size of an element's inside, followed as it changes. */
export function useSize(ref: RefObject<HTMLElement | null>): Size {
	const [size, setSize] = useState<Size>({ width: 0, height: 0 });
	useEffect(() => {
		const element = ref.current;
		if (element === null) return;
		const observer = new ResizeObserver(([entry]) => {
			if (entry === undefined) return;
			const { width, height } = entry.contentRect;
			setSize((old) => (old.width === width && old.height === height ? old : { width, height }));
		});
		observer.observe(element);
		return () => observer.disconnect();
	}, [ref]);
	return size;
}

/** True while a media query holds. */
export function useMedia(query: string): boolean {
	const subscribe = (listener: () => void) => {
		const media = matchMedia(query);
		media.addEventListener('change', listener);
		return () => media.removeEventListener('change', listener);
	};
	return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}

/** How long a page must be hidden until pictures stop coming, in milliseconds: less is a glance at another tab. */
const AWAY_MS = 3000;

/** True once the page has been hidden for a moment, in another tab or behind a locked screen. */
export function useHidden(): boolean {
	const [hidden, setHidden] = useState(false);
	useEffect(() => {
		let timer: ReturnType<typeof setTimeout> | undefined;
		const changed = () => {
			clearTimeout(timer);
			if (document.hidden) timer = setTimeout(() => setHidden(true), AWAY_MS);
			else setHidden(false);
		};
		changed();
		document.addEventListener('visibilitychange', changed);
		return () => {
			clearTimeout(timer);
			document.removeEventListener('visibilitychange', changed);
		};
	}, []);
	return hidden;
}

/** A video element that plays a track of the viewer's own. */
export function useTrack(track: MediaStreamTrack | undefined): RefObject<HTMLVideoElement | null> {
	const ref = useRef<HTMLVideoElement>(null);
	useEffect(() => {
		const video = ref.current;
		if (video === null || track === undefined) return;
		video.srcObject = new MediaStream([track]);
		void video.play().catch(() => undefined); // the track went meanwhile
		return () => {
			video.srcObject = null;
		};
	}, [track]);
	return ref;
}

/** Writes the level of a microphone into --level of an element, once a frame. */
export function useVoiceMeter(ref: RefObject<HTMLElement | null>, track: MediaStreamTrack | undefined, show: (linear: number) => number): void {
	useEffect(() => {
		const element = ref.current;
		if (element === null || track === undefined) return;
		const meter = createVoiceMeter(track);
		let shown = 0;
		let frame = requestAnimationFrame(function tick() {
			frame = requestAnimationFrame(tick);
			const heard = show(meter.level());
			shown = heard > shown ? heard : shown * 0.9;
			element.style.setProperty('--level', shown.toFixed(2));
		});
		const wake = () => meter.resume();
		document.addEventListener('pointerdown', wake);
		return () => {
			cancelAnimationFrame(frame);
			document.removeEventListener('pointerdown', wake);
			element.style.setProperty('--level', '0');
			meter.close();
		};
	}, [ref, track, show]);
}
