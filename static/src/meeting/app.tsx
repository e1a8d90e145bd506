import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { RefObject } from 'react';
import { createClient, createDevices, mostSeatsOf, readJoinToken } from '../client';
import type { Client, DeviceControl, Lobby, Over, Preferences } from '../client';
import { DesignWords, Notices, useNotices } from '../design';
import { WordsContext } from '../words';
import type { Words } from '../words';
import { useLanguage } from './language';
import { MeetingView } from './meeting';
import { newsOf } from './news';
import type { News } from './news';
import { OverView } from './over';
import { usePreferences } from './preferences-hook';
import { Prejoin } from './prejoin';
import type { Refused } from './prejoin';

/** Where the viewer is. */
type Phase = Readonly<{ kind: 'before'; refused?: Refused } | { kind: 'inside'; client: Client; end: AbortController; passcode: string | undefined } | { kind: 'after'; over: Over }>;

/** What a room's own host token says, which can't be read. */
const HOST_LINK = { role: 'host', name: undefined } as const;

/** Where the viewer goes when a client ends: back to the form when that can be answered there. */
function afterwards(now: Phase, over: Over): Phase {
	if (over.reason !== 'refused' || !['passcode_needed', 'passcode_wrong', 'not_open'].includes(over.code)) return { kind: 'after', over };
	return { kind: 'before', refused: { refusal: over, at: Date.now(), passcode: now.kind === 'inside' ? now.passcode : undefined } };
}

export type AppProps = Readonly<{
	/** Undefined when the address names no room. */
	room: string | undefined;
	/** The token of the host link or join link the viewer came by. */
	token: string | undefined;
	/** The words to begin with. */
	words: Words;
}>;

type Latest = RefObject<Readonly<{ preferences: Preferences; t: Words }>>;

/** The devices, from the first page until the meeting is over, when they are given back. */
function useDevices(over: boolean, latest: Latest, notify: (news: News) => void): DeviceControl | undefined {
	const [devices, setDevices] = useState<DeviceControl>();
	useEffect(() => {
		if (over) return;
		const ended = new AbortController();
		setDevices(
			createDevices({
				preferences: latest.current.preferences,
				onLost: (device) => notify({ tone: 'warning', text: latest.current.t(`device.lost.${device}`) }),
				onReplaced: (name) => notify({ tone: 'warning', text: latest.current.t('device.replaced', { name }) }),
				signal: ended.signal,
			}),
		);
		return () => ended.abort();
	}, [over, latest, notify]);
	return devices;
}

/** The meeting page: before, inside and after a meeting. */
export function App({ room, token, words: firstWords }: AppProps) {
	const [preferences, changePreferences] = usePreferences();
	const t = useLanguage(firstWords, preferences.language);
	const { notices, notify, dismiss } = useNotices();
	const [phase, setPhase] = useState<Phase>({ kind: 'before' });
	const latest = useRef({ preferences, t });

	const inside = phase.kind === 'inside';
	const devices = useDevices(phase.kind === 'after', latest, notify);

	useEffect(() => {
		latest.current = { preferences, t };
	}, [preferences, t]);

	useEffect(() => {
		void devices?.setPreferences(preferences);
	}, [devices, preferences]);

	const join = useCallback(
		(name: string, passcode: string | undefined, videoCodecs: Lobby['videoCodecs']) => {
			if (devices === undefined || room === undefined) return;
			const end = new AbortController();
			const onEvent = (event: Parameters<typeof newsOf>[1]) => {
				const news = newsOf(latest.current.t, event, () => void devices.unmute());
				if (news !== undefined) notify(news);
			};
			setPhase({ kind: 'inside', end, passcode, client: createClient({ room, name, token, passcode, devices, mostSeats: mostSeatsOf(location.search), videoCodecs, onEvent, signal: end.signal }) });
		},
		[devices, room, token, notify],
	);
	const finished = useCallback((over: Over) => setPhase((now) => afterwards(now, over)), []);
	const link = useMemo(() => (token === undefined ? undefined : (readJoinToken(token) ?? HOST_LINK)), [token]);

	useEffect(() => {
		if (phase.kind !== 'inside') return;
		const leave = () => phase.end.abort();
		window.addEventListener('pagehide', leave);
		return () => window.removeEventListener('pagehide', leave);
	}, [phase]);

	const content = useMemo(() => {
		if (room === undefined) return <OverView over={{ reason: 'ended' }} unknown />;
		if (phase.kind === 'after') return <OverView over={phase.over} onRejoin={() => setPhase({ kind: 'before' })} />;
		if (devices === undefined) return null;
		if (phase.kind === 'inside') {
			return (
				<MeetingView
					client={phase.client}
					devices={devices}
					preferences={preferences}
					onPreferences={changePreferences}
					notify={notify}
					onOver={finished}
				/>
			);
		}
		return (
			<Prejoin
				room={room}
				devices={devices}
				preferences={preferences}
				onPreferences={changePreferences}
				onJoin={join}
				isHost={link?.role === 'host'}
				linked={link !== undefined}
				linkName={link?.name}
				refused={phase.refused}
			/>
		);
	}, [room, link, phase, devices, preferences, changePreferences, notify, finished, join]);

	const designWords = useMemo(() => ({ close: t('app.close'), cancel: t('app.cancel'), dismiss: t('app.dismiss') }), [t]);
	return (
		<WordsContext value={t}>
			<DesignWords value={designWords}>
				{content}
				<div className={inside ? 'notices-inside' : undefined}>
					<Notices notices={notices} onDismiss={dismiss} />
				</div>
			</DesignWords>
		</WordsContext>
	);
}
