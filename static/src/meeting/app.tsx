import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { createClient, createDevices, mostSeatsOf } from '../client';
import type { Client, DeviceControl, Over } from '../client';
import { DesignWords, Notices, useNotices } from '../design';
import { WordsContext } from '../words';
import type { Words } from '../words';
import { useLanguage } from './language';
import { MeetingView } from './meeting';
import { newsOf } from './news';
import { OverView } from './over';
import { usePreferences } from './preferences-hook';
import { Prejoin } from './prejoin';

/** Where the viewer is. */
type Phase = Readonly<{ kind: 'before' } | { kind: 'inside'; client: Client; end: AbortController } | { kind: 'after'; over: Over }>;

export type AppProps = Readonly<{
	/** Undefined when the address names no room. */
	room: string | undefined;
	/** The host token, if the viewer came by a host link. */
	token: string | undefined;
	/** The words to begin with. */
	words: Words;
}>;

/** The meeting page: before, inside and after a meeting. */
export function App({ room, token, words: firstWords }: AppProps) {
	const [preferences, changePreferences] = usePreferences();
	const t = useLanguage(firstWords, preferences.language);
	const { notices, notify, dismiss } = useNotices();
	const [phase, setPhase] = useState<Phase>({ kind: 'before' });
	const latest = useRef({ preferences, t });

	const [devices, setDevices] = useState<DeviceControl>();
	const inside = phase.kind === 'inside';
	const over = phase.kind === 'after';
	useEffect(() => {
		if (over) return; // devices are given back after the meeting
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
	}, [over, notify]);

	useEffect(() => {
		latest.current = { preferences, t };
	}, [preferences, t]);

	useEffect(() => {
		void devices?.setPreferences(preferences);
	}, [devices, preferences]);

	const join = useCallback(
		(name: string) => {
			if (devices === undefined || room === undefined) return;
			const end = new AbortController();
			const onEvent = (event: Parameters<typeof newsOf>[1]) => {
				const news = newsOf(latest.current.t, event, () => void devices.unmute());
				if (news !== undefined) notify(news);
			};
			setPhase({ kind: 'inside', end, client: createClient({ room, name, token, devices, mostSeats: mostSeatsOf(location.search), onEvent, signal: end.signal }) });
		},
		[devices, room, token, notify],
	);
	const finished = useCallback((over: Over) => setPhase({ kind: 'after', over }), []);

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
		return <Prejoin room={room} devices={devices} preferences={preferences} onPreferences={changePreferences} onJoin={join} isHost={token !== undefined} />;
	}, [room, token, phase, devices, preferences, changePreferences, notify, finished, join]);

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
