import { Activity, Circle, CircleStop, Hand, Images, Keyboard, MonitorUp, MonitorX, OctagonX, Pause, PictureInPicture2, Play, Settings, UserPlus, Volume2 } from 'lucide-react';
import type { ReactNode } from 'react';
import { canShareScreen, LAYOUTS, SELF_VIEWS } from '../client';
import type { Emoji, Layout } from '../client';
import { Button, Dialog, IconButton, Select } from '../design';
import type { MenuItem } from '../design';
import { useWords } from '../words';
import type { Words } from '../words';
import type { May } from './bar';
import { EMOJIS, wordOf } from './emojis';
import { selfItems } from './person-menu';
import type { Choices } from './person-menu';
import { canPip } from './pip';

/** What More does, beside the bar. */
export type MoreRun = Readonly<Record<'pause' | 'pip' | 'soundOnly' | 'invite' | 'connection' | 'keys', () => void>>;

/** What More needs to know about the stage, and whether the recording may pause or go on. */
export type MoreState = Readonly<{ layout: Layout; setLayout: (layout: Layout) => void; soundOnly: boolean; pipOpen: boolean; choices: Choices; pause: 'pause' | 'resume' | undefined }>;

type Item = Readonly<{ name: keyof MoreRun; label: string; icon: ReactNode }>;

function itemsOf(t: Words, { soundOnly, pipOpen, pause }: MoreState): readonly Item[] {
	return [
		...(pause === undefined ? [] : [{ name: 'pause', label: t(`bar.${pause}Recording`), icon: pause === 'pause' ? <Pause size={20} aria-hidden="true" /> : <Play size={20} aria-hidden="true" /> } as const]),
		...(canPip() ? [{ name: 'pip', label: t(pipOpen ? 'more.pipClose' : 'more.pip'), icon: <PictureInPicture2 size={20} aria-hidden="true" /> } as const] : []),
		{ name: 'soundOnly', label: t(soundOnly ? 'more.pictures' : 'more.soundOnly'), icon: soundOnly ? <Images size={20} aria-hidden="true" /> : <Volume2 size={20} aria-hidden="true" /> },
		{ name: 'invite', label: t('invite.label'), icon: <UserPlus size={20} aria-hidden="true" /> },
		{ name: 'connection', label: t('connection.title'), icon: <Activity size={20} aria-hidden="true" /> },
		{ name: 'keys', label: t('keys.title'), icon: <Keyboard size={20} aria-hidden="true" /> },
	];
}

/** The rows of the menu behind More, where there is room for a menu. */
export function moreItems(t: Words, state: MoreState, run: MoreRun): MenuItem[] {
	return [
		{ kind: 'heading', label: t('layout.title') },
		...LAYOUTS.map((layout): MenuItem => ({ kind: 'choice', label: t(`layout.${layout}`), chosen: layout === state.layout, onPick: () => state.setLayout(layout) })),
		...selfItems(t, state.choices),
		{ kind: 'line' },
		...itemsOf(t, state).map(({ name, label, icon }): MenuItem => ({ kind: 'action', label, icon, onPick: run[name] })),
	];
}

export type MoreProps = Readonly<{
	open: boolean;
	isHost: boolean;
	isRecording: boolean;
	isSharing: boolean;
	handUp: boolean;
	may: May;
	state: MoreState;
	onReact: (emoji: Emoji) => void;
	onClose: () => void;
	run: MoreRun & Readonly<Record<'hand' | 'share' | 'record' | 'settings' | 'end', () => void>>;
}>;

/** What has no room in the bar of a phone. */
export function MoreDialog({ open, isHost, isRecording, isSharing, handUp, may, state, onReact, onClose, run }: MoreProps) {
	const t = useWords();
	const then = (action: () => void) => () => {
		onClose();
		action();
	};
	return (
		<Dialog open={open} title={t('bar.more')} onClose={onClose}>
			<div className="more">
				{may.react ? (
					<div className="more-emojis" role="group" aria-label={t('reactions.title')}>
						{EMOJIS.map((emoji) => (
							<IconButton key={emoji} label={wordOf(t, emoji)} icon={<span className="emoji">{emoji}</span>} tip="none" onClick={then(() => onReact(emoji))} />
						))}
					</div>
				) : null}
				{may.hand ? (
					<Button icon={<Hand size={20} aria-hidden="true" />} onClick={then(run.hand)}>
						{handUp ? t('bar.lowerHand') : t('bar.raiseHand')}
					</Button>
				) : null}
				{may.record ? (
					<Button icon={isRecording ? <CircleStop size={20} aria-hidden="true" /> : <Circle size={20} className="record-mark" aria-hidden="true" />} onClick={then(run.record)}>
						{isRecording ? t('bar.stopRecording') : t('bar.record')}
					</Button>
				) : null}
				{may.publish && canShareScreen() ? (
					<Button icon={isSharing ? <MonitorX size={20} aria-hidden="true" /> : <MonitorUp size={20} aria-hidden="true" />} onClick={then(run.share)}>
						{isSharing ? t('bar.stopSharing') : t('bar.share')}
					</Button>
				) : null}
				<Select
					label={t('layout.title')}
					options={LAYOUTS.map((layout) => ({ value: layout, label: t(`layout.${layout}`) }))}
					value={state.layout}
					onPick={(value) => state.setLayout(LAYOUTS.find((layout) => layout === value) ?? 'auto')}
				/>
				<Select
					label={t('self.title')}
					options={SELF_VIEWS.map((view) => ({ value: view, label: t(`self.${view}`) }))}
					value={state.choices.selfView}
					onPick={(value) => state.choices.setSelfView(SELF_VIEWS.find((view) => view === value) ?? 'tile')}
				/>
				{itemsOf(t, state).map(({ name, label, icon }) => (
					<Button key={name} icon={icon} onClick={then(run[name])}>
						{label}
					</Button>
				))}
				<Button icon={<Settings size={20} aria-hidden="true" />} onClick={then(run.settings)}>
					{t('bar.settings')}
				</Button>
				{isHost ? (
					<Button kind="danger" icon={<OctagonX size={20} aria-hidden="true" />} onClick={then(run.end)}>
						{t('bar.end')}
					</Button>
				) : null}
			</div>
		</Dialog>
	);
}
