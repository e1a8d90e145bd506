import { Clock, ClockPlus, Lock, Pause, Signal, SignalHigh, SignalLow, UsersRound, WifiOff } from 'lucide-react';
import { useEffect, useMemo, useRef } from 'react';
import type { ReactNode } from 'react';
import type { ClientState, Meeting } from '../client';
import { IconButton, Menu, Tooltip } from '../design';
import type { MenuItem } from '../design';
import { useWords } from '../words';
import { useNow } from './hooks';
import { reminderBetween } from './news';
import { qualityWords } from './quality';
import type { News } from './news';
import { clock, stretch, timeOfDay } from './time';

export type TopBarProps = Readonly<{
	state: ClientState;
	meeting: Meeting;
	notify: (news: News) => void;
	/** Makes the meeting longer; undefined for guests. */
	onExtend: ((minutes: 15 | 30 | 60) => void) | undefined;
	/** Shows how the connection does. */
	onConnection: () => void;
}>;

/** What this meeting is, how long it goes on, and whether it is recorded. */
export function TopBar({ state, meeting, notify, onExtend, onConnection }: TopBarProps) {
	const t = useWords();
	const now = useNow(1000) + meeting.clockOffsetMs;
	const endsAt = Date.parse(meeting.room.ends_at);
	const left = endsAt - now;
	const before = useRef(left);
	useEffect(() => {
		const reminder = reminderBetween(t, before.current, left);
		before.current = left;
		if (reminder !== undefined) notify(reminder);
	}, [t, left, notify]);
	return (
		<header className="topbar">
			<h1 className="truncate" dir="auto">{meeting.room.title === '' ? t('app.meeting') : meeting.room.title}</h1>
			<div className="topbar-facts">
				{meeting.recording.on ? <RecordingDot startedAt={meeting.recording.started_at} paused={meeting.recording.paused === true} now={now} /> : null}
				{meeting.room.locked ? (
					<Tooltip text={t('top.lockedHint')} side="below" align="end">
						<span className="topbar-fact" role="img" aria-label={t('top.locked')}>
							<Lock size={16} />
						</span>
					</Tooltip>
				) : null}
				{Number.isNaN(left) ? null : <TimeLeft left={left} endsAt={timeOfDay(t, endsAt, now)} onExtend={onExtend} />}
				<span className="topbar-fact topbar-count ticking" role="img" aria-label={t('top.count', { count: meeting.participants.length })}>
					<UsersRound size={16} aria-hidden="true" />
					{t.number(meeting.participants.length)}
				</span>
				<QualityMark state={state} onClick={onConnection} />
			</div>
		</header>
	);
}

type TimeLeftProps = Readonly<{ left: number; endsAt: string; onExtend: TopBarProps['onExtend'] }>;

/** How long the meeting goes on; for hosts, a menu that makes it longer. */
function TimeLeft({ left, endsAt, onExtend }: TimeLeftProps) {
	const t = useWords();
	const words = left > 0 ? t('top.left', { time: stretch(t, left) }) : t('top.ending');
	const tone = left < 300_000 ? 'warning' : undefined;
	const items = useMemo((): MenuItem[] => {
		if (onExtend === undefined) return [];
		const longer = (minutes: 15 | 30 | 60): MenuItem => ({
			kind: 'action',
			label: minutes === 60 ? t('top.longerHour') : t('top.longerMinutes', { count: minutes }),
			icon: <ClockPlus size={20} aria-hidden="true" />,
			onPick: () => onExtend(minutes),
		});
		return [{ kind: 'heading', label: t('top.endsAt', { time: endsAt }) }, longer(15), longer(30), longer(60)];
	}, [t, endsAt, onExtend]);
	const face = (
		<>
			<Clock size={16} aria-hidden="true" />
			{words}
		</>
	);
	if (onExtend !== undefined) {
		return (
			<Menu
				label={t('top.extend')}
				items={items}
				opener={(props) => (
					<button {...props} type="button" className="topbar-fact topbar-time ticking" data-tone={tone} aria-label={t('top.extendFrom', { left: words })}>
						{face}
					</button>
				)}
			/>
		);
	}
	return (
		<Tooltip text={t('top.endsAt', { time: endsAt })} side="below" align="end">
			<span className="topbar-fact ticking" data-tone={tone}>
				{face}
			</span>
		</Tooltip>
	);
}

function RecordingDot({ startedAt, paused, now }: { startedAt: string | undefined; paused: boolean; now: number }) {
	const t = useWords();
	if (paused) {
		return (
			<Tooltip text={t('top.paused')} side="below" align="end">
				<span className="recording" role="img" aria-label={t('top.paused')}>
					<Pause size={14} aria-hidden="true" />
					<span>{t('top.pausedWord')}</span>
				</span>
			</Tooltip>
		);
	}
	const since = startedAt === undefined ? Number.NaN : Date.parse(startedAt);
	return (
		<Tooltip text={t('top.recorded')} side="below" align="end">
			<span className="recording ticking" role="img" aria-label={t('top.recorded')}>
				<span className="recording-dot" />
				<span className="recording-word">{t('top.rec')}</span>
				{Number.isNaN(since) ? null : clock(now - since)}
			</span>
		</Tooltip>
	);
}

function QualityMark({ state, onClick }: { state: ClientState; onClick: () => void }) {
	const t = useWords();
	const { icon, tone } = qualityMark(state);
	return <IconButton className="topbar-quality" label={qualityWords(t, state)} icon={icon} data-quality={tone} tip={{ side: 'below', align: 'end' }} onClick={onClick} />;
}

function qualityMark({ link, media, quality }: ClientState): { icon: ReactNode; tone: 'good' | 'warning' | 'danger' | undefined } {
	if (link.kind !== 'open' || media === 'interrupted') return { icon: <WifiOff size={20} />, tone: 'danger' };
	if (media === 'connecting') return { icon: <SignalHigh size={20} />, tone: undefined };
	switch (quality) {
		case 'unknown':
			return { icon: <SignalHigh size={20} />, tone: undefined };
		case 'good':
			return { icon: <Signal size={20} />, tone: 'good' };
		case 'fair':
			return { icon: <SignalHigh size={20} />, tone: 'warning' };
		case 'poor':
			return { icon: <SignalLow size={20} />, tone: 'danger' };
	}
}
