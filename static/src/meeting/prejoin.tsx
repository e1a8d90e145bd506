import { CalendarClock, Clock, Disc, Lock, Settings, UserRound, UsersRound } from 'lucide-react';
import { useEffect, useId, useState } from 'react';
import type { ReactNode, SubmitEvent } from 'react';
import { fetchLobby, isSecure } from '../client';
import type { DeviceControl, Lobby, LobbyAnswer, Preferences } from '../client';
import { Avatar, Button, TextField } from '../design';
import { useWords } from '../words';
import type { Words } from '../words';
import { useNow } from './hooks';
import { OverView } from './over';
import { DevicePicks, Preview } from './preview';
import { SettingsDialog } from './settings';
import { namesInWords, stretch, timeOfDay } from './time';

export type PrejoinProps = Readonly<{
	room: string;
	devices: DeviceControl;
	preferences: Preferences;
	onPreferences: (change: Partial<Preferences>) => void;
	onJoin: (name: string) => void;
	isHost: boolean;
}>;

/** How often the page asks who is inside, in milliseconds. */
const ASK_MS = 10_000;

/** The page before a meeting: how you look and sound, what you are about to enter, and one button. */
export function Prejoin({ room, devices, preferences, onPreferences, onJoin, isHost }: PrejoinProps) {
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
					<JoinForm answer={answer} preferences={preferences} onPreferences={onPreferences} onJoin={onJoin} />
				</section>
			</div>
			<SettingsDialog open={settings} devices={devices} preferences={preferences} onPreferences={onPreferences} onClose={() => setSettings(false)} />
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

type JoinFormProps = Readonly<{ answer: LobbyAnswer | undefined } & Pick<PrejoinProps, 'preferences' | 'onPreferences' | 'onJoin'>>;

function JoinForm({ answer, preferences, onPreferences, onJoin }: JoinFormProps) {
	const t = useWords();
	const [asked, setAsked] = useState(false);
	const note = useId();
	const now = useNow(1000);
	const early = answer?.kind === 'open' && now + answer.lobby.clockOffsetMs < answer.lobby.startsAt;
	const name = preferences.name.trim();
	const submit = (event: SubmitEvent) => {
		event.preventDefault();
		setAsked(true);
		if (name === '' || answer?.kind !== 'open' || early) return;
		onPreferences({ name });
		onJoin(name);
	};
	return (
		<form className="join-form" onSubmit={submit} noValidate>
			<TextField
				label={t('prejoin.name')}
				large
				autoComplete="name"
				maxLength={64}
				placeholder={t('prejoin.namePlaceholder')}
				value={preferences.name}
				error={asked && name === '' ? t('prejoin.nameMissing') : undefined}
				onChange={(event) => onPreferences({ name: event.currentTarget.value })}
			/>
			<Button kind="filled" size="large" type="submit" disabled={answer?.kind !== 'open' || early} aria-describedby={early ? note : undefined}>
				{t('prejoin.join')}
			</Button>
			{early ? (
				<p id={note} className="join-note quiet">
					<CalendarClock size={16} aria-hidden="true" /> {t('prejoin.early')}
				</p>
			) : null}
			{isSecure() ? null : <p className="join-note quiet">{t('prejoin.insecure')}</p>}
		</form>
	);
}
