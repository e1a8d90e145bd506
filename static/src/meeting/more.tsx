import { Circle, CircleStop, Hand, MonitorUp, MonitorX, OctagonX, Settings } from 'lucide-react';
import { canShareScreen } from '../client';
import type { Emoji } from '../client';
import { Button, Dialog, IconButton } from '../design';
import { EMOJIS } from './emojis';
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
	const then = (action: () => void) => () => {
		onClose();
		action();
	};
	return (
		<Dialog open={open} title="More" onClose={onClose}>
			<div className="more">
				<div className="more-emojis" role="group" aria-label="Reactions">
					{EMOJIS.map(([emoji, word]) => (
						<IconButton key={emoji} label={word} icon={<span className="emoji">{emoji}</span>} tip="none" onClick={then(() => onReact(emoji))} />
					))}
				</div>
				<Button icon={<Hand size={20} aria-hidden="true" />} onClick={then(run.hand)}>
					{handUp ? 'Lower hand' : 'Raise hand'}
				</Button>
				{isHost ? (
					<Button icon={isRecording ? <CircleStop size={20} aria-hidden="true" /> : <Circle size={20} className="record-mark" aria-hidden="true" />} onClick={then(run.record)}>
						{isRecording ? 'Stop recording' : 'Start recording'}
					</Button>
				) : null}
				{canShareScreen() ? (
					<Button icon={isSharing ? <MonitorX size={20} aria-hidden="true" /> : <MonitorUp size={20} aria-hidden="true" />} onClick={then(run.share)}>
						{isSharing ? 'Stop sharing' : 'Share screen'}
					</Button>
				) : null}
				<Button icon={<Settings size={20} aria-hidden="true" />} onClick={then(run.settings)}>
					Settings
				</Button>
				<CopyLink />
				{isHost ? (
					<Button kind="danger" icon={<OctagonX size={20} aria-hidden="true" />} onClick={then(run.end)}>
						End meeting for all
					</Button>
				) : null}
			</div>
		</Dialog>
	);
}
