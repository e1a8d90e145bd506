import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { RefObject } from 'react';
import type { Client, DeviceControl, Meeting, Quality } from '../client';
import { useWords } from '../words';
import type { May, Panel } from './bar';
import type { Act, Question } from './host';
import { mentions } from './mentions';
import { newsBetween } from './news';
import type { News } from './news';
import { commandOf, isTyping } from './shortcuts';
import type { Command } from './shortcuts';
import { toggleCamera, toggleMicrophone } from './toggles';

/** What lies over the meeting. */
export type Overlay = 'settings' | 'more' | 'end' | 'invite' | 'connection' | 'keys' | undefined;

/** All that the viewer does by a key or a button. */
export type Actions = Readonly<Record<Exclude<Command, 'layout'> | 'record' | 'pause' | 'more' | 'leave' | 'end' | 'invite' | 'connection', () => void>>;

/** The actions of the bar and the keys; they stay the same while the meeting lasts. */
export function useActions(client: Client, devices: DeviceControl, may: May, setPanel: (change: (panel: Panel) => Panel) => void, setOverlay: (overlay: Overlay) => void): Actions {
	return useMemo(() => {
		const toggle = (panel: Panel) => () => setPanel((now) => (now === panel ? undefined : panel));
		return {
			microphone: () => may.publish && toggleMicrophone(devices),
			camera: () => may.publish && toggleCamera(devices),
			share: () => {
				if (!may.publish) return;
				if (client.state.get().sharing) client.stopSharing();
				else void client.share();
			},
			hand: () => {
				if (!may.hand) return;
				const { meeting } = client.state.get();
				client.raiseHand(meeting?.participants.find(({ id }) => id === meeting.self)?.hand === undefined);
			},
			chat: () => may.chat && toggle('chat')(),
			people: toggle('people'),
			settings: () => setOverlay('settings'),
			keys: () => setOverlay('keys'),
			invite: () => setOverlay('invite'),
			connection: () => setOverlay('connection'),
			more: () => setOverlay('more'),
			pause: () => client.record(true, client.state.get().meeting?.recording.paused !== true),
			record: () => client.record(client.state.get().meeting?.recording.on !== true),
			leave: client.leave,
			end: () => setOverlay('end'),
		};
	}, [client, devices, may, setPanel, setOverlay]);
}

/** What a host does to the others, with a question before what can't be taken back. */
export function useAct(client: Client, ask: (question: Question) => void): Act {
	return useCallback(
		(action, participant) => {
			switch (action) {
				case 'remove':
				case 'make_host':
				case 'hand_over':
					ask({ action, participant });
					return;
				case 'make_audience':
					client.setRole(participant.id, 'audience');
					return;
				case 'make_speaker':
					client.setRole(participant.id, 'speaker');
					return;
				default:
					client.moderate(action, participant.id);
			}
		},
		[client, ask],
	);
}

/** Runs what the keys say, outside of fields and dialogs. */
export function useShortcuts(run: Readonly<Record<Command, () => void>>): void {
	useEffect(() => {
		const pressed = (event: KeyboardEvent) => {
			const command = commandOf(event, isTyping(event.target));
			if (command === undefined) return;
			event.preventDefault();
			run[command]();
		};
		document.addEventListener('keydown', pressed);
		return () => document.removeEventListener('keydown', pressed);
	}, [run]);
}

/** Escape closes the panel, and the focus goes back to the button that opened it. */
export function useEscape(root: RefObject<HTMLElement | null>, panel: Panel, close: () => void): void {
	const latest = useRef(close);
	useEffect(() => {
		latest.current = close;
	});
	useEffect(() => {
		const element = root.current;
		if (element === null || panel === undefined) return;
		const opener = element.querySelector<HTMLElement>(`[data-name=${panel}]`);
		const pressed = (event: KeyboardEvent) => {
			if (event.key === 'Escape' && !event.defaultPrevented && document.querySelector('dialog[open], :popover-open') === null) latest.current();
		};
		document.addEventListener('keydown', pressed);
		return () => {
			document.removeEventListener('keydown', pressed);
			if (document.activeElement === null || document.activeElement === document.body) opener?.focus();
		};
	}, [root, panel]);
}

/** How many lines of others came since the chat was last open. */
export function useUnread(meeting: Meeting | undefined, open: boolean): number {
	const [read, setRead] = useState<number>();
	const count = meeting?.chat.length;
	if (count !== undefined && (read === undefined || (open && read !== count))) setRead(count);
	if (meeting === undefined || read === undefined) return 0;
	return meeting.chat.slice(read).filter(({ from }) => from !== meeting.self).length;
}

/** Says what changed in the meeting. */
export function useNews(meeting: Meeting | undefined, notify: (news: News) => void): void {
	const t = useWords();
	const before = useRef<Meeting>(undefined);
	const tell = useCallback((from: Meeting, to: Meeting) => newsBetween(t, from, to).forEach(notify), [t, notify]);
	useEffect(() => {
		if (meeting !== undefined && before.current !== undefined) tell(before.current, meeting);
		if (meeting !== undefined && before.current === undefined && meeting.recording.on) notify({ tone: 'info', text: t('news.recorded') });
		before.current = meeting;
	}, [t, meeting, tell, notify]);
}

/** Tells the viewer who mentioned them, or wrote to them alone, while the chat is closed. */
export function useMentions(meeting: Meeting, chatOpen: boolean, notify: (news: News) => void): void {
	const t = useWords();
	const seen = useRef(new WeakSet(meeting.chat)); // by line: one that a resume brings may stand before others
	useEffect(() => {
		const fresh = meeting.chat.filter((line) => !seen.current.has(line));
		for (const line of fresh) seen.current.add(line);
		const me = meeting.participants.find(({ id }) => id === meeting.self)?.name;
		if (chatOpen || me === undefined) return;
		for (const { from, to, name, text } of fresh) {
			if (from === meeting.self) continue;
			if (to !== undefined) notify({ tone: 'info', text: t('news.private', { name }) });
			else if (mentions(text, me)) notify({ tone: 'info', text: t('news.mention', { name }) });
		}
	}, [t, meeting, chatOpen, notify]);
}

/** How long a connection must be bad until pictures are given up for sound, in milliseconds. */
const GIVE_UP_MS = 20_000;

/** Whether the viewer receives sound only: by choice, or because the connection has been bad for long. A viewer who wants pictures back keeps them. */
export function useSoundOnly(quality: Quality, notify: (news: News) => void): [boolean, (on: boolean) => void] {
	const t = useWords();
	const [on, setOn] = useState(false);
	const [insists, setInsists] = useState(false);
	const choose = useCallback((wanted: boolean) => {
		setOn(wanted);
		setInsists(!wanted);
	}, []);
	useEffect(() => {
		if (quality !== 'poor' || on || insists) return;
		const timer = setTimeout(() => {
			setOn(true);
			notify({ tone: 'warning', text: t('news.soundOnly'), action: { label: t('more.pictures'), run: () => choose(false) } });
		}, GIVE_UP_MS);
		return () => clearTimeout(timer);
	}, [t, quality, on, insists, choose, notify]);
	return [on, choose];
}
