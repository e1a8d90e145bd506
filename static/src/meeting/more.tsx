import { Circle, CircleStop, Hand, MonitorUp, MonitorX, OctagonX, Settings } from 'lucide-react';
import { canShareScreen } from '../client';
import type { Emoji } from '../client';
import { Button, Dialog, IconButton } from '../design';
import { useWords } from '../words';
import { EMOJIS, wordOf } from './emojis';
import { CopyLink } from './invite';

export type MoreProps = Readonly<{
	open: boolean;
	isHost: boolean;
	isRecording: boolean;
	isSharing: boolean;
	handUp: boolean;
	onReact: (emoji: Emoji) => void;
	onClose: () => void;
	run: Readonly<Record<'hand' | 'share' | 'record' | 'settings' | 'end', () => void>>;
}>;

/** What has no room in the bar of a phone. */
export function MoreDialog({ open, isHost, isRecording, isSharing, handUp, onReact, onClose, run }: MoreProps) {
	const t = useWords();
	const then = (action: () => void) => () => {
		onClose();
		action();
	};
	return (
		<Dialog open={open} title={t('bar.more')} onClose={onClose}>
			<div className="more">
				<div className="more-emojis" role="group" aria-label={t('reactions.title')}>
					{EMOJIS.map((emoji) => (
						<IconButton key={emoji} label={wordOf(t, emoji)} icon={<span className="emoji">{emoji}</span>} tip="none" onClick={then(() => onReact(emoji))} />
					))}
				</div>
				<Button icon={<Hand size={20} aria-hidden="true" />} onClick={then(run.hand)}>
					{handUp ? t('bar.lowerHand') : t('bar.raiseHand')}
				</Button>
				{isHost ? (
					<Button icon={isRecording ? <CircleStop size={20} aria-hidden="true" /> : <Circle size={20} className="record-mark" aria-hidden="true" />} onClick={then(run.record)}>
						{isRecording ? t('bar.stopRecording') : t('bar.record')}
					</Button>
				) : null}
				{canShareScreen() ? (
					<Button icon={isSharing ? <MonitorX size={20} aria-hidden="true" /> : <MonitorUp size={20} aria-hidden="true" />} onClick={then(run.share)}>
						{isSharing ? t('bar.stopSharing') : t('bar.share')}
					</Button>
				) : null}
				<Button icon={<Settings size={20} aria-hidden="true" />} onClick={then(run.settings)}>
					{t('bar.settings')}
				</Button>
				<CopyLink />
				{isHost ? (
					<Button kind="danger" icon={<OctagonX size={20} aria-hidden="true" />} onClick={then(run.end)}>
						{t('bar.end')}
					</Button>
				) : null}
			</div>
		</Dialog>
	);
}
