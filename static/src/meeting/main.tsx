import { createRoot } from 'react-dom/client';
import { browserStore, hostTokenOf, roomOf } from '../client';
import '../design';
import { App } from './app';
import './meeting.css';

/**
 * The host token of this room: from the address, where it does not stay to be
 * copied or seen, or from before a reload.
 */
function takeHostToken(room: string): string | undefined {
	const key = `plenum.host.${room}`;
	const store = browserStore('sessionStorage');
	const fresh = hostTokenOf(location.hash);
	if (fresh !== undefined) {
		history.replaceState(history.state, '', location.pathname + location.search);
		try {
			store?.setItem(key, fresh);
		} catch {
			// Without a store the viewer is host until the next reload.
		}
		return fresh;
	}
	try {
		return store?.getItem(key) ?? undefined;
	} catch {
		return undefined;
	}
}

const root = document.getElementById('root');
if (root !== null) {
	const room = roomOf(location.pathname);
	createRoot(root).render(<App room={room} token={room === undefined ? undefined : takeHostToken(room)} />);
}
