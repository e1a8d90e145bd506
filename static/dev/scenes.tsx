import { createRoot } from 'react-dom/client';
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import type { Participant } from '../src/client';
import { Notices, useNotices } from '../src/design';
import { languageFor, loadWords, WordsContext } from '../src/words';
import '../src/meeting/meeting.css';
import { MeetingView } from '../src/meeting/meeting';
import { OverView } from '../src/meeting/over';
import { Prejoin } from '../src/meeting/prejoin';
import { WaitingRoom } from '../src/meeting/waiting';
import { benchClient, fakeClient, fakeDevices, fakeMeeting, fakePreferences } from './fakes';

const query = new URLSearchParams(location.search);

// Shows the meeting page in states that are hard to bring about: /static/dev/?scene=five

type Scene = () => ReactNode;

const ago = (ms: number) => new Date(Date.now() - ms).toISOString();

const chat = [
	{ from: 'p2', name: 'Jonas', text: 'Good morning', at: ago(900_000) },
	{ from: 'p2', name: 'Jonas', text: 'The figures are at https://harbour.example/q3/berths?view=week, page 4.', at: ago(890_000) },
	{ from: 'p3', name: 'Priya Raman', text: 'Thanks. I wonder about berth 8: it was closed for two weeks in August, so the low number does not mean much. Can we leave it out?', at: ago(300_000) },
	{ from: 'p1', name: 'Maya Lindqvist', text: 'Agreed, I will mark it.', at: ago(120_000) },
	{ from: 'p4', name: 'Tomás Alvarez', text: '👍', at: ago(20_000) },
];

const letters = [
	...chat,
	{ from: 'p2', name: 'Jonas', text: '', at: ago(15_000), file: { id: 'f1', name: 'Berths in the third quarter, final version.png', size: 482_133, picture: true } },
	{ from: 'p3', name: 'Priya Raman', text: 'Can you take over after this? I have to leave at noon. https://harbour.example/rota', at: ago(12_000), to: 'p1', toName: 'Maya Lindqvist' },
	{ from: 'p1', name: 'Maya Lindqvist', text: 'Yes, gladly.', at: ago(9_000), to: 'p3', toName: 'Priya Raman' },
	{ from: 'p1', name: 'Maya Lindqvist', text: '', at: ago(5_000), to: 'p3', toName: 'Priya Raman', file: { id: 'f2', name: 'rota.pdf', size: 91_200, picture: false } },
];

const uploads = [
	{ key: 1, name: 'A recording of the whole harbour tour.mov', size: 84_000_000, sent: 31_000_000, to: undefined, problem: undefined },
	{ key: 2, name: 'archive.zip', size: 184_000_000, sent: 0, to: undefined, problem: 'too_large' },
] as const;

const withSpotlight = (participants: readonly Participant[]) =>
	participants.map((one) => (one.id === 'p3' ? { ...one, spotlight: 1 } : one.id === 'p5' ? { ...one, spotlight: 2 } : one));

const withScreen = (participants: readonly Participant[]) =>
	participants.map((one) => (one.id === 'p2' ? { ...one, sources: [...one.sources, { source: 'screen', muted: false } as const] } : one));

const withHands = (participants: readonly Participant[]) =>
	participants.map((one) => (one.id === 'p4' ? { ...one, hand: 2 } : one.id === 'p2' ? { ...one, hand: 7 } : one));

const reactions = [
	{ key: 1, emoji: '👏', count: 14, participants: ['p3', 'p5'], until: Infinity },
	{ key: 2, emoji: '❤️', count: 1, participants: ['p2'], until: Infinity },
] as const;

const waiting = { reason: 'lobby', name: 'Maya Lindqvist', title: 'Quarterly planning with the harbour team', endsAt: 0, hostPresent: true, clockOffsetMs: 0 } as const;

const waiters = [
	{ id: 'w1', name: 'Ines Duarte', role: 'speaker', reason: 'lobby', since: ago(60_000), connected: true },
	{ id: 'w2', name: 'Bartholomew Featherstonehaugh', role: 'speaker', reason: 'sent_back', since: ago(30_000), connected: true },
] as const;

const off = { microphone: { kind: 'off' }, camera: { kind: 'off' } } as const;

const scenes: Readonly<Record<string, Scene>> = {
	one: () => <Inside count={1} />,
	two: () => <Inside count={2} />,
	five: () => <Inside count={5} chatty />,
	twelve: () => <Inside count={12} />,
	forty: () => <Inside count={40} />,
	letters: () => <Inside count={5} chatty letters />,
	spotlight: () => <Inside count={7} spotlight />,
	warned: () => <Inside count={3} recording warned />,
	early: () => <Before early />,
	screen: () => <Inside count={5} screen />,
	recording: () => <Inside count={4} recording />,
	reconnecting: () => <Inside count={4} lost />,
	dimmed: () => <Inside count={4} down />,
	blocked: () => <Inside count={2} blocked />,
	hands: () => <Inside count={12} hands />,
	'guest-hands': () => <Inside count={5} hands guest />,
	guest: () => <Inside count={3} guest />,
	notices: () => <Inside count={3} notices />,
	bench: () => <Bench />,
	lobby: () => <Inside count={4} waiting recording />,
	audience: () => <Inside count={4} audience />,
	waiting: () => <WaitingRoom waiting={waiting} link={{ kind: 'open' }} onLeave={() => undefined} />,
	'waiting-nobody': () => <WaitingRoom waiting={{ ...waiting, hostPresent: false }} link={{ kind: 'open' }} onLeave={() => undefined} />,
	'sent-back': () => <WaitingRoom waiting={{ ...waiting, reason: 'sent_back' }} link={{ kind: 'open' }} onLeave={() => undefined} />,
	passcode: () => <Before passcode />,
	prejoin: () => <Before />,
	'prejoin-off': () => <Before broken />,
	ended: () => <OverView over={{ reason: 'ended' }} />,
	left: () => <OverView over={{ reason: 'left' }} onRejoin={() => undefined} />,
	removed: () => <OverView over={{ reason: 'removed' }} />,
	locked: () => <OverView over={{ reason: 'refused', code: 'room_locked', message: '' }} onRejoin={() => undefined} />,
	full: () => <OverView over={{ reason: 'refused', code: 'room_full', message: '' }} onRejoin={() => undefined} />,
	unknown: () => <OverView over={{ reason: 'ended' }} unknown />,
};

type InsideProps = Readonly<{
	count: number;
	chatty?: boolean;
	screen?: boolean;
	recording?: boolean;
	lost?: boolean;
	down?: boolean;
	blocked?: boolean;
	guest?: boolean;
	/** Hands are up, somebody reacts, and the meeting is locked. */
	hands?: boolean;
	/** The chat holds private lines and files. */
	letters?: boolean;
	/** A host has put two in the spotlight. */
	spotlight?: boolean;
	/** Something is wrong with the recording. */
	warned?: boolean;
	/** Somebody waits in the lobby. */
	waiting?: boolean;
	/** The viewer only listens. */
	audience?: boolean;
	notices?: boolean;
}>;

function Inside(props: InsideProps) {
	const { notices, notify, dismiss } = useNotices();
	const [preferences, setPreferences] = useState(fakePreferences);
	const [devices] = useState(() => fakeDevices(props.guest === true || props.audience === true ? off : {}));
	const [client] = useState(() => {
		const base = fakeMeeting(props.count);
		const connected = base.participants.map((one) => (props.lost === true && one.id === 'p3' ? { ...one, connected: false } : one));
		const meeting = {
			...base,
			lobby: props.waiting === true ? waiters : [],
			role: props.audience === true ? ('audience' as const) : props.guest === true ? ('speaker' as const) : ('host' as const),
			participants: props.hands === true ? withHands(connected) : props.screen === true ? withScreen(connected) : props.spotlight === true ? withSpotlight(connected) : connected,
			room: { ...base.room, locked: props.hands === true, lobby: props.waiting === true },
			chat: props.letters === true ? letters : props.chatty === true ? chat : [],
			...(props.recording === true ? { recording: { on: true, started_at: ago(754_000), by: 'Jonas', ...(props.warned === true ? { warning: 'x', warning_code: 'silent' as const, silent: ['Priya Raman', 'Jonas'] } : {}) } } : {}),
		};
		return fakeClient(meeting, {
			...(props.down === true ? { link: { kind: 'retrying', attempt: 2 } as const, media: 'interrupted' as const } : {}),
			soundBlocked: props.blocked === true,
			sharing: props.blocked === true,
		}, props.hands === true ? reactions : [], props.letters === true ? uploads : []);
	});
	const [told, setTold] = useState(false);
	if (props.notices === true && !told) {
		setTold(true);
		notify({ tone: 'info', text: 'Priya Raman joined.' });
		notify({ tone: 'warning', text: 'The meeting ends in 5 min.', keep: true });
		notify({ tone: 'danger', text: 'The recording did not start. The disk is full.', keep: true });
	}
	return (
		<>
			<MeetingView
				client={client}
				devices={devices}
				preferences={preferences}
				onPreferences={(change) => setPreferences((old) => ({ ...old, ...change }))}
				notify={notify}
				onOver={() => undefined}
			/>
			<Notices notices={notices} onDismiss={dismiss} />
		</>
	);
}

/** 25 moving tiles; window.plenumBench lets others come and leave. */
function Bench() {
	const { notices, notify, dismiss } = useNotices();
	const [made, setMade] = useState<ReturnType<typeof benchClient>>();
	const [devices] = useState(() => fakeDevices(off));
	useEffect(() => {
		void navigator.mediaDevices.getUserMedia({ video: { width: 320, height: 180, frameRate: 15 } }).then((camera) => {
			const bench = benchClient(25, camera);
			(window as unknown as { plenumBench: typeof bench }).plenumBench = bench;
			setMade(bench);
		});
	}, []);
	if (made === undefined) return null;
	return (
		<>
			<MeetingView client={made.client} devices={devices} preferences={{ ...fakePreferences, layout: 'grid' }} onPreferences={() => undefined} notify={notify} onOver={() => undefined} />
			<Notices notices={notices} onDismiss={dismiss} />
		</>
	);
}

const refused = { refusal: { code: 'passcode_wrong', message: '', retryAfter: 42 }, at: Date.now(), passcode: 'open' } as const;

const tooEarly = { refusal: { code: 'not_open', message: '', opensAt: ago(-42_000) }, at: Date.now(), passcode: undefined } as const;

function Before({ broken = false, passcode = false, early = false }: { broken?: boolean; passcode?: boolean; early?: boolean }) {
	const [preferences, setPreferences] = useState({ ...fakePreferences, name: broken ? '' : fakePreferences.name });
	const [devices] = useState(() =>
		fakeDevices(broken ? { microphone: { kind: 'failed', problem: 'denied' }, camera: { kind: 'failed', problem: 'denied' }, cameras: [] } : {}),
	);
	return (
		<Prejoin
			room="1.f3a0"
			devices={devices}
			preferences={preferences}
			onPreferences={(change) => setPreferences((old) => ({ ...old, ...change }))}
			onJoin={() => undefined}
			isHost={!broken && !passcode}
			{...(passcode ? { refused } : early ? { refused: tooEarly } : {})}
		/>
	);
}

function fakeLobby(): void {
	const lobby = {
		id: '1.f3a0',
		title: 'Quarterly planning with the harbour team',
		host: 'jonas',
		starts_at: ago(600_000),
		ends_at: ago(-2_520_000),
		now: ago(0),
		participants: ['Jonas', 'Priya Raman', 'Tomás Alvarez', 'Aiko Tanaka'],
		count: 6,
		recording: query.get('scene') !== 'passcode',
		lobby: true,
		recording_policy: 'automatic',
	};
	window.fetch = () => Promise.resolve(Response.json(lobby));
}

const theme = query.get('theme');
if (theme !== null) document.documentElement.dataset['theme'] = theme;
fakeLobby();
const root = document.getElementById('root');
const scene = scenes[query.get('scene') ?? 'five'];
if (root !== null && scene !== undefined) {
	const words = await loadWords(languageFor([query.get('lang') ?? 'en']));
	document.documentElement.lang = words.language;
	document.documentElement.dir = words.dir;
	createRoot(root).render(<WordsContext value={words}>{scene()}</WordsContext>);
}
