import { LoaderCircle, MonitorUp, Volume2 } from 'lucide-react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { RefObject } from 'react';
import { handsUp } from '../client';
import type { Client, ClientState, DeviceControl, Meeting, Over, Preferences } from '../client';
import { Button, Confirm } from '../design';
import { useWords } from '../words';
import { Bar } from './bar';
import type { Panel } from './bar';
import { Burst } from './burst';
import { ChatPanel } from './chat';
import { useMedia, useStore } from './hooks';
import { AskFirst } from './host';
import type { Act, Question } from './host';
import { InviteCard } from './invite';
import { MoreDialog } from './more';
import { newsBetween } from './news';
import type { News } from './news';
import { PeoplePanel } from './people';
import { SettingsDialog } from './settings';
import { commandOf, isTyping } from './shortcuts';
import type { Command } from './shortcuts';
import { Stage } from './stage';
import { toggleCamera, toggleMicrophone } from './toggles';
import { TopBar } from './topbar';

export type MeetingViewProps = Readonly<{
	client: Client;
	devices: DeviceControl;
	preferences: Preferences;
	onPreferences: (change: Partial<Preferences>) => void;
	notify: (news: News) => void;
	onOver: (over: Over) => void;
}>;

/** What lies over the meeting. */
type Overlay = 'settings' | 'more' | 'end' | undefined;

/** The meeting itself: stage, panels and bar. */
export function MeetingView({ client, devices, preferences, onPreferences, notify, onOver }: MeetingViewProps) {
	const t = useWords();
	const state = useStore(client.state);
	const { camera } = useStore(devices.state);
	const { meeting, over } = state;
	const [panel, setPanel] = useState<Panel>();
	const [overlay, setOverlay] = useState<Overlay>();
	const narrow = useMedia('(max-width: 900px)');
	const unread = useUnread(meeting, panel === 'chat');
	useNews(meeting, notify);
	useEffect(() => {
		if (over !== undefined) onOver(over);
	}, [over, onOver]);
	useEffect(() => {
		if (preferences.speakerId !== '') void client.board.setOutput(preferences.speakerId);
	}, [client, preferences.speakerId]);
	const run = useActions(client, devices, setPanel, setOverlay);
	useShortcuts(run);
	const [question, setQuestion] = useState<Question>();
	const act = useAct(client, setQuestion);
	const root = useRef<HTMLDivElement>(null);
	useEscape(root, panel, () => setPanel(undefined));

	if (meeting === undefined) return <Joining link={state.link} />;
	const isHost = meeting.role === 'host';
	const hands = handsUp(meeting.participants);
	const handUp = hands.some(({ id }) => id === meeting.self);
	const gestures = { handUp, onReact: client.react };
	const { on: isRecording } = meeting.recording;
	const host = { isHost, isRecording, isSharing: state.sharing };
	/** A dialog that closes after another was opened in its place leaves that one open. */
	const shut = (which: Overlay) => () => setOverlay((now) => (now === which ? undefined : now));
	return (
		<div className="meeting" ref={root} data-panel={panel}>
			<TopBar state={state} meeting={meeting} notify={notify} onExtend={isHost ? client.extend : undefined} />
			<main className="meeting-middle">
				<Stage
					client={client}
					meeting={meeting}
					ownTrack={camera.kind === 'on' ? camera.track : undefined}
					dimmed={isInterrupted(state)}
					alone={<InviteCard />}
					act={isHost ? act : undefined}
				/>
				<Burst reactions={client.reactions} meeting={meeting} />
				<Banners state={state} client={client} />
			</main>
			<Panels panel={panel} state={state} meeting={meeting} client={client} act={isHost ? act : undefined} onClose={() => setPanel(undefined)} />
			<Bar
				devices={devices}
				preferences={preferences}
				onPreferences={onPreferences}
				panel={panel}
				unread={unread}
				hands={hands.length - Number(handUp)}
				narrow={narrow}
				run={run}
				{...host}
				{...gestures}
			/>
			<SettingsDialog open={overlay === 'settings'} devices={devices} preferences={preferences} onPreferences={onPreferences} onClose={shut('settings')} />
			<MoreDialog open={overlay === 'more'} onClose={shut('more')} run={run} {...host} {...gestures} />
			<AskFirst question={question} onConfirm={({ action, participant }) => client.moderate(action, participant.id)} onClose={() => setQuestion(undefined)} />
			<Confirm
				open={overlay === 'end'}
				title={t('host.endTitle')}
				text={t('host.endText', { count: meeting.participants.length })}
				action={t('host.endAction')}
				onConfirm={client.endForAll}
				onClose={shut('end')}
			/>
		</div>
	);
}

type PanelsProps = Readonly<{ panel: Panel; state: ClientState; meeting: Meeting; client: Client; act: Act | undefined; onClose: () => void }>;

/** The panel beside the stage, if one is open. */
function Panels({ panel, state, meeting, client, act, onClose }: PanelsProps) {
	switch (panel) {
		case 'chat':
			return <ChatPanel messages={meeting.chat} self={meeting.self} open={state.link.kind === 'open'} onSay={client.say} onClose={onClose} />;
		case 'people':
			return <PeoplePanel meeting={meeting} levels={client.levels} act={act} onMuteAll={() => client.moderate('mute_all')} onLock={client.lock} onClose={onClose} />;
		case undefined:
			return null;
	}
}

function isInterrupted({ link, media }: ClientState): boolean {
	return link.kind !== 'open' || media === 'interrupted';
}

function Joining({ link }: { link: ClientState['link'] }) {
	const t = useWords();
	return (
		<main className="over" aria-busy="true">
			<div className="over-card" role="status">
				<LoaderCircle size={28} className="spinning" aria-hidden="true" />
				<p>{link.kind === 'retrying' ? t('app.noAnswer') : t('app.joining')}</p>
			</div>
		</main>
	);
}

/** What lies on the stage while something needs attention. */
function Banners({ state, client }: { state: ClientState; client: Client }) {
	const t = useWords();
	return (
		<div className="banners" role="status">
			{isInterrupted(state) ? (
				<p className="banner">
					<LoaderCircle size={16} className="spinning" aria-hidden="true" /> {t('app.reconnecting')}
				</p>
			) : null}
			{state.sharing ? (
				<div className="banner">
					<MonitorUp size={16} aria-hidden="true" /> {t('stage.sharing')}
				</div>
			) : null}
			{state.soundBlocked ? (
				<Button kind="filled" size="large" icon={<Volume2 size={20} aria-hidden="true" />} onClick={client.playSound}>
					{t('stage.hear')}
				</Button>
			) : null}
		</div>
	);
}

type Actions = Readonly<Record<Command | 'record' | 'more' | 'leave' | 'end', () => void>>;

function useActions(client: Client, devices: DeviceControl, setPanel: (change: (panel: Panel) => Panel) => void, setOverlay: (overlay: Overlay) => void): Actions {
	return useMemo(() => {
		const toggle = (panel: Panel) => () => setPanel((now) => (now === panel ? undefined : panel));
		return {
			microphone: () => toggleMicrophone(devices),
			camera: () => toggleCamera(devices),
			share: () => {
				if (client.state.get().sharing) client.stopSharing();
				else void client.share();
			},
			hand: () => {
				const { meeting } = client.state.get();
				client.raiseHand(meeting?.participants.find(({ id }) => id === meeting.self)?.hand === undefined);
			},
			chat: toggle('chat'),
			people: toggle('people'),
			settings: () => setOverlay('settings'),
			more: () => setOverlay('more'),
			record: () => client.record(client.state.get().meeting?.recording.on !== true),
			leave: client.leave,
			end: () => setOverlay('end'),
		};
	}, [client, devices, setPanel, setOverlay]);
}

/** What a host does to the others, with a question before what can't be taken back. */
function useAct(client: Client, ask: (question: Question) => void): Act {
	return useCallback(
		(action, participant) => {
			if (action === 'remove' || action === 'make_host') ask({ action, participant });
			else client.moderate(action, participant.id);
		},
		[client, ask],
	);
}

function useShortcuts(run: Actions): void {
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
function useEscape(root: RefObject<HTMLElement | null>, panel: Panel, close: () => void): void {
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
function useUnread(meeting: Meeting | undefined, open: boolean): number {
	const [read, setRead] = useState<number>();
	const count = meeting?.chat.length;
	if (count !== undefined && (read === undefined || (open && read !== count))) setRead(count);
	if (meeting === undefined || read === undefined) return 0;
	return meeting.chat.slice(read).filter(({ from }) => from !== meeting.self).length;
}

function useNews(meeting: Meeting | undefined, notify: (news: News) => void): void {
	const t = useWords();
	const before = useRef<Meeting>(undefined);
	const tell = useCallback((from: Meeting, to: Meeting) => newsBetween(t, from, to).forEach(notify), [t, notify]);
	useEffect(() => {
		if (meeting !== undefined && before.current !== undefined) tell(before.current, meeting);
		if (meeting !== undefined && before.current === undefined && meeting.recording.on) notify({ tone: 'info', text: t('news.recorded') });
		before.current = meeting;
	}, [t, meeting, tell, notify]);
}
