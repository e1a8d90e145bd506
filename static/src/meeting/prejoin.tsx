import { CalendarClock, Clock, Disc, DoorClosed, LoaderCircle, Lock, Settings, UserRound, UsersRound } from 'lucide-react';
import { useEffect, useEffectEvent, useId, useState } from 'react';
import type { ReactNode, SubmitEvent } from 'react';
import { fetchLobby, isSecure } from '../client';
import type { DeviceControl, Lobby, LobbyAnswer, Preferences, Refusal } from '../client';
import { Avatar, Button, TextField } from '../design';
import { useWords } from '../words';
import type { Words } from '../words';
import { useNow } from './hooks';
import { OverView } from './over';
import { DevicePicks, Preview } from './preview';
import { SettingsDialog } from './settings';
import { clock, namesInWords, stretch, timeOfDay, wait } from './time';

export type PrejoinProps = Readonly<{
	room: string;
	devices: DeviceControl;
	preferences: Preferences;
	onPreferences: (change: Partial<Preferences>) => void;
	/** Undefined passcode: the room asks for none, or the viewer has a link that needs none. */
	onJoin: (name: string, passcode: string | undefined, videoCodecs: Lobby['videoCodecs']) => void;
	isHost: boolean;
	/** The viewer came by a link of their own, which needs no passcode. */
	linked?: boolean;
	/** The name on that link, if it is for one person. */
	linkName?: string | undefined;
	/** Why the last try did not get in, and when that was by this page's clock. */
	refused?: Refused | undefined;
}>;

/** A refusal that is answered here: a passcode to give, or a time to wait for. */
export type Refused = Readonly<{ refusal: Refusal; at: number; passcode: string | undefined }>;

/** How often the page asks who is inside, in milliseconds. */
const ASK_MS = 10_000;

/** The page before a meeting: how you look and sound, what you are about to enter, and one button. */
export function Prejoin(props: PrejoinProps) {
	const { room, devices, preferences, onPreferences, isHost } = props;
	const t = useWords();
	const answer = useLobby(room);
	const [settings, setSettings] = useState(false);
	useFirstDevices(devices, preferences);
	if (answer?.kind === 'gone') return <OverView over={{ reason: 'ended' }} unknown />;
	return (
		<main className="prejoin">
			<div className="prejoin-columns">
				<section className="prejoin-picture" aria-label={t('prejoin.picture')}>
					<Preview devices={devices} name={preferences.name} onPreferences={onPreferences} />
					<DevicePicks devices={devices} preferences={preferences} onPreferences={onPreferences} />
					<Button kind="plain" className="prejoin-settings" icon={<Settings size={16} aria-hidden="true" />} onClick={() => setSettings(true)}>
						{t('bar.settings')}
					</Button>
				</section>
				<section className="prejoin-facts" aria-label={t('prejoin.meeting')}>
					<Facts answer={answer} isHost={isHost} />
					<JoinForm {...props} answer={answer} />
				</section>
			</div>
			<SettingsDialog open={settings} devices={devices} preferences={preferences} onPreferences={onPreferences} room={room} onClose={() => setSettings(false)} />
		</main>
	);
}

/** Asks for the lobby now and then, until the page goes on. */
function useLobby(room: string): LobbyAnswer | undefined {
	const [answer, setAnswer] = useState<LobbyAnswer>();
	useEffect(() => {
		const ended = new AbortController();
		const ask = async () => {
			const next = await fetchLobby(room, ended.signal);
			if (!ended.signal.aborted) setAnswer((old) => (next.kind === 'unreachable' && old?.kind === 'open' ? old : next));
		};
		void ask();
		const timer = setInterval(() => void ask(), ASK_MS);
		return () => {
			clearInterval(timer);
			ended.abort();
		};
	}, [room]);
	return answer;
}

/** Turns on what was on the last time. */
function useFirstDevices(devices: DeviceControl, { microphoneOn, cameraOn }: Preferences): void {
	const [first] = useState({ microphoneOn, cameraOn });
	useEffect(() => {
		const { microphone, camera } = devices.state.get();
		void devices.start({ microphone: first.microphoneOn && microphone.kind === 'off', camera: first.cameraOn && camera.kind === 'off' });
	}, [devices, first]);
}

function Facts({ answer, isHost }: { answer: LobbyAnswer | undefined; isHost: boolean }) {
	const t = useWords();
	const now = useNow(1000);
	if (answer?.kind === 'unreachable') {
		return (
			<div className="facts">
				<h1>{t('prejoin.unreachable')}</h1>
				<p className="quiet">{t('prejoin.unreachableHint')}</p>
			</div>
		);
	}
	if (answer?.kind !== 'open') {
		return (
			<div className="facts" aria-busy="true">
				<h1 className="skeleton skeleton-title">
					<span className="unseen">{t('prejoin.loading')}</span>
				</h1>
				<p className="skeleton" />
				<p className="skeleton" />
			</div>
		);
	}
	const { lobby } = answer;
	const serverNow = now + lobby.clockOffsetMs;
	return (
		<div className="facts">
			<h1 dir="auto">{lobby.title}</h1>
			<dl>
				{lobby.host === '' ? null : (
					<Fact icon={<UserRound size={20} aria-hidden="true" />} word={t('prejoin.host')}>
						{isHost ? t('prejoin.hostedByToo', { name: lobby.host }) : t('prejoin.hostedBy', { name: lobby.host })}
					</Fact>
				)}
				<Fact icon={<Clock size={20} aria-hidden="true" />} word={t('prejoin.time')}>
					<span className="ticking">{timeWords(t, lobby, serverNow)}</span>
				</Fact>
				<Fact icon={<UsersRound size={20} aria-hidden="true" />} word={t('prejoin.inside')}>
					<Inside lobby={lobby} />
				</Fact>
				{lobby.locked ? (
					<Fact icon={<Lock size={20} className="warning" aria-hidden="true" />} word={t('prejoin.lock')}>
						{t('prejoin.locked')}
					</Fact>
				) : null}
				{lobby.waits && !isHost ? (
					<Fact icon={<DoorClosed size={20} aria-hidden="true" />} word={t('prejoin.entry')}>
						{t('prejoin.waits')}
					</Fact>
				) : null}
				{!lobby.recording && (lobby.recordingPolicy === 'automatic' || lobby.recordingPolicy === 'voice') ? (
					<Fact icon={<Disc size={20} aria-hidden="true" />} word={t('prejoin.recording')}>
						{lobby.recordingPolicy === 'automatic' ? t('prejoin.willRecord') : t('prejoin.willRecordVoice')}
					</Fact>
				) : null}
				{lobby.recording ? (
					<Fact icon={<Disc size={20} className="danger" aria-hidden="true" />} word={t('prejoin.recording')}>
						{t('top.recorded')}
					</Fact>
				) : null}
			</dl>
		</div>
	);
}

function Fact({ icon, word, children }: { icon: ReactNode; word: string; children: ReactNode }) {
	return (
		<div className="fact">
			<dt>
				{icon}
				<span className="unseen">{word}</span>
			</dt>
			<dd>{children}</dd>
		</div>
	);
}

function Inside({ lobby }: { lobby: Lobby }) {
	const t = useWords();
	if (lobby.count === 0) return <>{t('prejoin.nobody')}</>;
	return (
		<span className="inside">
			<span className="faces">
				{lobby.participants.slice(0, 4).map((name, index) => (
					<Avatar key={index} name={name} size="1.75rem" />
				))}
			</span>
			<span>{t('prejoin.here', { names: namesInWords(t, lobby.participants, lobby.count), count: lobby.count })}</span>
		</span>
	);
}

function timeWords(t: Words, { startsAt, endsAt }: Lobby, now: number): string {
	if (now < startsAt) return t('prejoin.opensAt', { time: timeOfDay(t, startsAt, now), left: stretch(t, startsAt - now) });
	return t('prejoin.endsAt', { time: timeOfDay(t, endsAt, now), left: stretch(t, endsAt - now) });
}

type JoinFormProps = Readonly<{ answer: LobbyAnswer | undefined }> & Pick<PrejoinProps, 'preferences' | 'onPreferences' | 'onJoin' | 'linked' | 'linkName' | 'refused'>;

function JoinForm({ answer, preferences, onPreferences, onJoin, linked = false, linkName, refused }: JoinFormProps) {
	const t = useWords();
	const [asked, setAsked] = useState(false);
	const [passcode, setPasscode] = useState(refused?.passcode ?? '');
	const name = linkName ?? preferences.name.trim();
	const { early, held, asks } = useClock(answer, refused, linked);
	const lacks = name === '' || (asks && passcode === '');
	// Who came a moment too early by the server's clock has pressed Join already.
	const [wants, setWants] = useState(refused?.refusal.code === 'not_open');
	const waits = wants && !lacks;
	const opens = answer?.kind === 'open' && early <= 0 && held <= 0;
	const join = useEffectEvent(() => {
		if (linkName === undefined) onPreferences({ name });
		onJoin(name, asks ? passcode : undefined, answer?.kind === 'open' ? answer.lobby.videoCodecs : undefined);
	});
	useEffect(() => {
		if (waits && opens) join();
	}, [waits, opens]);
	const submit = (event: SubmitEvent) => {
		event.preventDefault();
		setAsked(true);
		if (!lacks && held <= 0) setWants(true);
	};
	return (
		<form className="join-form" onSubmit={submit} noValidate>
			<TextField
				label={t('prejoin.name')}
				large
				autoComplete="name"
				maxLength={64}
				placeholder={t('prejoin.namePlaceholder')}
				value={linkName ?? preferences.name}
				readOnly={linkName !== undefined}
				hint={linkName === undefined ? undefined : t('prejoin.nameFixed')}
				error={asked && name === '' ? t('prejoin.nameMissing') : undefined}
				onChange={(event) => {
					setWants(false);
					onPreferences({ name: event.currentTarget.value });
				}}
			/>
			{asks ? (
				<TextField
					label={t('prejoin.passcode')}
					large
					type="password"
					autoComplete="off"
					maxLength={64}
					autoFocus={refused !== undefined}
					value={passcode}
					error={passcodeWords(t, refused, passcode, asked, held)}
					onChange={(event) => {
						setWants(false); // it was asked for only after Join was pressed
						setPasscode(event.currentTarget.value);
					}}
				/>
			) : null}
			<JoinButton held={held > 0} early={early} waits={waits} onCancel={() => setWants(false)} />
			{isSecure() ? null : <p className="join-note quiet">{t('prejoin.insecure')}</p>}
		</form>
	);
}

/** What stands between the viewer and the meeting, told anew every second and at the moment it opens. */
function useClock(answer: LobbyAnswer | undefined, refused: Refused | undefined, linked: boolean): Gate {
	const second = useNow(1000);
	const [opened, setOpened] = useState(0);
	const now = Math.max(second, opened);
	const stands = gate(answer, refused, linked, now);
	const { early } = stands;
	useEffect(() => {
		if (early <= 0 || early > 1500) return;
		const timer = setTimeout(() => setOpened(Date.now()), early);
		return () => clearTimeout(timer);
	}, [early]);
	return stands;
}

type JoinButtonProps = Readonly<{
	/** Another passcode can't be tried yet. */
	held: boolean;
	early: number;
	/** Join was pressed, and happens as soon as it can. */
	waits: boolean;
	onCancel: () => void;
}>;

function JoinButton({ held, early, waits, onCancel }: JoinButtonProps) {
	const t = useWords();
	const note = useId();
	return (
		<>
			<Button kind="filled" size="large" type="submit" disabled={held} aria-busy={waits || undefined} aria-describedby={early > 0 ? note : undefined} icon={waits ? <LoaderCircle size={20} className="spinning" aria-hidden="true" /> : undefined}>
				{waits ? t('app.joining') : t('prejoin.join')}
			</Button>
			{waits ? (
				<Button kind="plain" size="large" onClick={onCancel}>
					{t('app.cancel')}
				</Button>
			) : null}
			{early > 0 ? (
				<p id={note} className="join-note quiet">
					<CalendarClock size={16} aria-hidden="true" />
					<span>
						{waits ? t('prejoin.willJoin') : t('prejoin.early')} <span className="ticking">{t('prejoin.opensIn', { time: clock(early + 999) })}</span>
					</span>
				</p>
			) : null}
		</>
	);
}

type Gate = Readonly<{
	/** Until the meeting opens, in milliseconds; not positive when it is open. */
	early: number;
	/** Until another passcode may be tried, in seconds. */
	held: number;
	/** The viewer is asked for the passcode. */
	asks: boolean;
}>;

/** What stands between the viewer and the meeting; now is this page's clock. */
export function gate(answer: LobbyAnswer | undefined, refused: Refused | undefined, linked: boolean, now: number): Gate {
	const lobby = answer?.kind === 'open' ? answer.lobby : undefined;
	const { code, retryAfter = 0, opensAt = '' } = refused?.refusal ?? {};
	const opens = Math.max(lobby?.startsAt ?? 0, Date.parse(opensAt) || 0);
	return {
		early: lobby === undefined ? 0 : opens - now - lobby.clockOffsetMs,
		held: refused === undefined ? 0 : Math.ceil(retryAfter - (now - refused.at) / 1000),
		asks: !linked && (lobby?.hasPasscode === true || code === 'passcode_needed' || code === 'passcode_wrong'),
	};
}

/** What is wrong with the passcode, or undefined. */
function passcodeWords(t: Words, refused: Refused | undefined, passcode: string, asked: boolean, held: number): string | undefined {
	const wrong = refused?.refusal.code === 'passcode_wrong';
	if (wrong && held > 0) return t('prejoin.passcodeWait', { time: wait(t, held) });
	if (wrong && passcode === refused.passcode) return t('prejoin.passcodeWrong');
	return asked && passcode === '' ? t('prejoin.passcodeMissing') : undefined;
}
