import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { handsUp, LAYOUTS, mayJoinIn, mayPublish, mayRecord } from '../client';
import type { Client, ClientState, DeviceControl, Meeting, Over, Preferences } from '../client';
import { Confirm } from '../design';
import { useWords } from '../words';
import { useAct, useActions, useEscape, useMentions, useNews, useShortcuts, useSoundOnly, useUnread } from './actions';
import type { Overlay } from './actions';
import { Banners, isInterrupted, Joining } from './banners';
import { Bar } from './bar';
import type { May, Panel } from './bar';
import { Burst } from './burst';
import { ChatPanel } from './chat';
import type { Addressee } from './chat-composer';
import { ConnectionDialog } from './connection';
import { ConsentBanner, useConsent } from './consent';
import type { Consent } from './consent';
import { useMedia, useStore } from './hooks';
import { AskFirst } from './host';
import type { Question } from './host';
import { InviteCard, InviteDialog } from './invite';
import { KeysDialog } from './keys';
import { LobbyBanner } from './lobby';
import { MoreDialog, moreItems } from './more';
import type { MoreRun, MoreState } from './more';
import type { News } from './news';
import { PeoplePanel } from './people';
import type { Choices } from './person-menu';
import { PipView, usePip } from './pip';
import { SettingsDialog } from './settings';
import { Stage } from './stage';
import { usePushToTalk } from './talk';
import type { TileId } from './tiles';
import { TopBar } from './topbar';
import { WaitingRoom } from './waiting';

export type MeetingViewProps = Readonly<{
	client: Client;
	devices: DeviceControl;
	preferences: Preferences;
	onPreferences: (change: Partial<Preferences>) => void;
	notify: (news: News) => void;
	onOver: (over: Over) => void;
}>;

/** The meeting, once the server has let the viewer in. */
export function MeetingView(props: MeetingViewProps) {
	const { client, preferences, onOver } = props;
	const state = useStore(client.state);
	const { meeting, over } = state;
	useEffect(() => {
		if (over !== undefined) onOver(over);
	}, [over, onOver]);
	useEffect(() => {
		if (preferences.speakerId !== '') void client.board.setOutput(preferences.speakerId);
	}, [client, preferences.speakerId]);
	if (state.waiting !== undefined) return <WaitingRoom waiting={state.waiting} link={state.link} onLeave={client.leave} />;
	return meeting === undefined ? <Joining link={state.link} /> : <Inside {...props} state={state} meeting={meeting} />;
}

type InsideProps = MeetingViewProps & Readonly<{ state: ClientState; meeting: Meeting }>;

/** The meeting itself: stage, panels and bar. */
function Inside(props: InsideProps) {
	const { client, devices, preferences, onPreferences, notify, state, meeting } = props;
	const { camera } = useStore(devices.state);
	const may = useMay(meeting);
	const consent = useConsent(client, meeting);
	const [wanted, setPanel] = useState<Panel>();
	const panel = wanted === 'chat' && !may.chat ? undefined : wanted;
	const [to, setTo] = useState<Addressee>();
	const [overlay, setOverlay] = useState<Overlay>();
	const [question, setQuestion] = useState<Question>();
	const [about, setAbout] = useState<string>();
	const write = useCallback((person: Addressee) => {
		setTo(person);
		setPanel('chat');
	}, []);
	const view = useView(props, may.chat ? write : undefined, setQuestion, setAbout, setOverlay);
	const run = useActions(client, devices, may, setPanel, setOverlay);
	useListening(devices, may.publish);
	const commands = useMemo(() => ({ ...run, ...view.run }), [run, view.run]);
	const unread = useUnread(meeting, panel === 'chat');
	useNews(meeting, notify);
	useMentions(meeting, panel === 'chat', notify);
	useShortcuts(commands);
	usePushToTalk(devices, may.publish);
	const root = useRef<HTMLDivElement>(null);
	useEscape(root, panel, () => setPanel(undefined));
	const isHost = meeting.role === 'host';
	const hands = handsUp(meeting.participants);
	const handUp = hands.some(({ id }) => id === meeting.self);
	const { on, paused = false } = meeting.recording;
	const more: MoreState = { ...view.more, pause: isHost && on ? (paused ? 'resume' : 'pause') : undefined };
	const shared = { isHost, may, isRecording: meeting.recording.on, isSharing: state.sharing, handUp, onReact: client.react };
	return (
		<div className="meeting" ref={root} data-panel={panel}>
			<TopBar state={state} meeting={meeting} notify={notify} onExtend={isHost ? client.extend : undefined} onConnection={commands.connection} />
			<main className="meeting-middle">
				<Stage
					client={client}
					meeting={meeting}
					ownTrack={camera.kind === 'on' ? camera.track : undefined}
					dimmed={isInterrupted(state)}
					alone={<InviteCard onMore={run.invite} />}
					options={view.options}
					soundOnly={view.more.soundOnly}
					away={view.away}
					onMain={view.setMain}
					choices={view.choices}
				/>
				<Burst reactions={client.reactions} meeting={meeting} />
				<Banners state={state} client={client} soundOnly={view.more.soundOnly}>
					{isHost && panel !== 'people' ? <LobbyBanner waiters={meeting.lobby} door={client} onShow={run.people} /> : null}
					{meeting.recording.on && consent.accepted === undefined ? <ConsentBanner consent={consent} /> : null}
				</Banners>
			</main>
			<Panels panel={panel} state={state} meeting={meeting} client={client} view={view} to={to} onTo={setTo} onInvite={run.invite} onClose={() => setPanel(undefined)} />
			<Bar
				devices={devices}
				preferences={preferences}
				onPreferences={onPreferences}
				panel={panel}
				unread={unread}
				hands={hands.length - Number(handUp)}
				waiting={isHost ? meeting.lobby.length : 0}
				more={moreItems(view.t, more, commands)}
				narrow={view.narrow}
				run={run}
				{...shared}
			/>
			{view.pip.window === undefined ? null : <PipView window={view.pip.window} client={client} meeting={meeting} devices={devices} tile={view.away} run={run} />}
			<MoreDialog open={overlay === 'more'} state={more} run={commands} onClose={shut('more', setOverlay)} {...shared} />
			<Overlays {...props} consent={consent} overlay={overlay} about={about} setOverlay={setOverlay} />
			<AskFirst question={question} onConfirm={({ action, participant }) => client.moderate(action, participant.id)} onClose={() => setQuestion(undefined)} />
		</div>
	);
}

/** What the viewer may do in this meeting. */
function useMay(meeting: Meeting): May {
	const { role, room } = meeting;
	const { on } = meeting.recording;
	return useMemo(() => {
		const standing = { role, room };
		return {
			publish: mayPublish(standing),
			chat: mayJoinIn(standing, 'chat'),
			hand: mayJoinIn(standing, 'hand'),
			react: mayJoinIn(standing, 'reaction'),
			record: mayRecord(standing) || (role === 'host' && on),
		};
	}, [role, room, on]);
}

/** Gives microphone and camera back while the viewer only listens. */
function useListening(devices: DeviceControl, publishes: boolean): void {
	useEffect(() => {
		if (publishes) return;
		devices.mute();
		devices.turnCameraOff();
	}, [devices, publishes]);
}

type View = ReturnType<typeof useView>;

/** What the viewer chose about the stage, and how to choose otherwise. */
function useView(
	{ client, preferences, onPreferences, notify, state, meeting }: InsideProps,
	write: ((person: Addressee) => void) | undefined,
	ask: (question: Question) => void,
	setAbout: (participant: string | undefined) => void,
	setOverlay: (overlay: Overlay) => void,
) {
	const t = useWords();
	const narrow = useMedia('(max-width: 900px)');
	const [pinned, setPinned] = useState<TileId>();
	const [main, setMain] = useState<TileId>();
	const [soundOnly, setSoundOnly] = useSoundOnly(state.quality, notify);
	const pip = usePip();
	const act = useAct(client, ask);
	const isHost = meeting.role === 'host';
	const { layout, selfView, corner } = preferences;
	const setLayout = useCallback((next: Preferences['layout']) => onPreferences({ layout: next }), [onPreferences]);
	const choices = useMemo(
		(): Choices => ({
			pin: setPinned,
			details: (participant) => {
				setAbout(participant);
				setOverlay('connection');
			},
			selfView,
			corner,
			setSelfView: (view) => onPreferences({ selfView: view }),
			setCorner: (next) => onPreferences({ corner: next }),
			act: isHost ? act : undefined,
			spotlight: isHost ? client.spotlight : undefined,
			write,
			room: meeting.room,
		}),
		[client, selfView, corner, isHost, act, write, meeting.room, onPreferences, setAbout, setOverlay],
	);
	const run: Omit<MoreRun, 'pause'> & Record<'layout', () => void> = {
		pip: () => (pip.isOpen ? pip.close() : pip.open(main)),
		soundOnly: () => setSoundOnly(!soundOnly),
		layout: () => setLayout(LAYOUTS[(LAYOUTS.indexOf(layout) + 1) % LAYOUTS.length] ?? 'auto'),
		invite: () => setOverlay('invite'),
		keys: () => setOverlay('keys'),
		connection: () => {
			setAbout(undefined);
			setOverlay('connection');
		},
	};
	const more: Omit<MoreState, 'pause'> = { layout, setLayout, soundOnly, pipOpen: pip.isOpen, choices };
	return { t, narrow, pinned, setMain, options: { layout, selfView, corner, pinned }, away: pip.window === undefined ? undefined : main, pip, choices, more, run };
}

/** Closes an overlay. One that closes after another was opened in its place leaves that one open. */
function shut(which: Overlay, setOverlay: (change: (now: Overlay) => Overlay) => void): () => void {
	return () => setOverlay((now) => (now === which ? undefined : now));
}

type PanelsProps = Readonly<{ panel: Panel; state: ClientState; meeting: Meeting; client: Client; view: View; to: Addressee | undefined; onTo: (to: Addressee | undefined) => void; onInvite: () => void; onClose: () => void }>;

/** The panel beside the stage, if one is open. */
function Panels({ panel, state, meeting, client, view, to, onTo, onInvite, onClose }: PanelsProps) {
	switch (panel) {
		case 'chat':
			return <ChatPanel client={client} meeting={meeting} open={state.link.kind === 'open'} to={to} onTo={onTo} onClose={onClose} />;
		case 'people':
			return (
				<PeoplePanel
					meeting={meeting}
					levels={client.levels}
					choices={view.choices}
					pinned={view.pinned?.source === 'camera' ? view.pinned.participant : undefined}
					onInvite={onInvite}
					onMuteAll={() => client.moderate('mute_all')}
					onLock={client.lock}
					door={client}
					onClose={onClose}
				/>
			);
		case undefined:
			return null;
	}
}

type OverlaysProps = InsideProps & Readonly<{ consent: Consent; overlay: Overlay; about: string | undefined; setOverlay: (change: (now: Overlay) => Overlay) => void }>;

/** The dialogs that lie over the meeting. */
function Overlays({ client, devices, preferences, onPreferences, meeting, consent, overlay, about, setOverlay }: OverlaysProps) {
	const t = useWords();
	return (
		<>
			<SettingsDialog open={overlay === 'settings'} devices={devices} preferences={preferences} onPreferences={onPreferences} room={meeting.room.id} consent={consent} onClose={shut('settings', setOverlay)} />
			<InviteDialog open={overlay === 'invite'} room={meeting.room.id} onClose={shut('invite', setOverlay)} />
			<ConnectionDialog open={overlay === 'connection'} client={client} meeting={meeting} participant={about} onClose={shut('connection', setOverlay)} />
			<KeysDialog open={overlay === 'keys'} onClose={shut('keys', setOverlay)} />
			<Confirm
				open={overlay === 'end'}
				title={t('host.endTitle')}
				text={t('host.endText', { count: meeting.participants.length })}
				action={t('host.endAction')}
				onConfirm={client.endForAll}
				onClose={shut('end', setOverlay)}
			/>
		</>
	);
}
