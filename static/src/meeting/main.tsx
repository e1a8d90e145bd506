import { createRoot } from 'react-dom/client';
import { browserStore, loadPreferences, roomOf, tokenOf } from '../client';
import '../design';
import { loadWords } from '../words';
import { App } from './app';
import { pageLanguage } from './language';
import './meeting.css';

/**
 * The token of this room's host link or join link: from the address, where it does not stay to be
 * copied or seen, or from before a reload.
 */
function takeToken(room: string): string | undefined {
	const key = `plenum.host.${room}`;
	const store = browserStore('sessionStorage');
	const fresh = tokenOf(location.hash);
	if (fresh !== undefined) {
		history.replaceState(history.state, '', location.pathname + location.search);
		try {
			store?.setItem(key, fresh);
		} catch {
			// Without a store the token counts until the next reload.
		}
		return fresh;
	}
	try {
		return store?.getItem(key) ?? undefined;
	} catch {
		return undefined;
	}
}

async function start(root: HTMLElement): Promise<void> {
	const room = roomOf(location.pathname);
	const token = room === undefined ? undefined : takeToken(room);
	const words = await loadWords(pageLanguage(loadPreferences(browserStore('localStorage')).language));
	createRoot(root).render(<App room={room} token={token} words={words} />);
}

const root = document.getElementById('root');
if (root !== null) void start(root);
