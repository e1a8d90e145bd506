import { createContext } from 'react';
import type { Notice } from '../design';
import type { User } from './model';

/** What every part of the page needs of the session. */
export type Session = Readonly<{
	user: User;
	/** Goes up at each log in, so that what waits for a session calls again. */
	epoch: number;
	/** Says that a call found the session gone. */
	expire: () => void;
	notify: (notice: Omit<Notice, 'id'>) => void;
}>;

/** The session of the page; this default is only seen before anybody logged in. */
export const SessionContext = createContext<Session>({
	user: { id: 0, name: '', role: 'host' },
	epoch: 0,
	expire: () => undefined,
	notify: () => undefined,
});
