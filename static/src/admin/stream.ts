import { useEffect, useRef, useState } from 'react';

/** How long events that come together are gathered, in milliseconds. */
const GATHER_MS = 250;

/**
 * Follows a stream of server-sent events and calls onNews when something came. It tells
 * whether the stream is open; while it is not, the caller has to look by itself.
 */
export function useStream(url: string | null, onNews: () => void): boolean {
	const [open, setOpen] = useState(false);
	const news = useRef(onNews);
	useEffect(() => {
		news.current = onNews;
	}, [onNews]);
	useEffect(() => {
		if (url === null) return;
		const source = new EventSource(url);
		let timer = 0;
		const came = () => {
			if (timer !== 0) return;
			timer = window.setTimeout(() => {
				timer = 0;
				news.current();
			}, GATHER_MS);
		};
		source.onopen = () => setOpen(true);
		source.onerror = () => setOpen(false); // the browser connects again, unless the server said that nothing will come
		source.onmessage = came;
		for (const type of EVENT_TYPES) source.addEventListener(type, came);
		return () => {
			window.clearTimeout(timer);
			source.close();
			setOpen(false);
		};
	}, [url]);
	return open;
}

/** What happens in rooms: the types of events. */
export const EVENT_TYPES = [
	'room.reserved',
	'room.changed',
	'room.extended',
	'room.ended',
	'room.cancelled',
	'room.locked',
	'room.unlocked',
	'meeting.started',
	'meeting.ended',
	'participant.joined',
	'participant.media_up',
	'participant.interrupted',
	'participant.resumed',
	'participant.role_changed',
	'participant.left',
	'recording.started',
	'recording.paused',
	'recording.resumed',
	'recording.stopped',
] as const;
