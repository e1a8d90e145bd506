import { Circle, CircleStop, MonitorUp, MonitorX, OctagonX, Settings } from 'lucide-react';
import { canShareScreen } from '../client';
import { Button, Dialog } from '../design';
import { CopyLink } from './invite';

export type MoreProps = Readonly<{
	open: boolean;
	isHost: boolean;
	isRecording: boolean;
	isSharing: boolean;
	onClose: () => void;
	run: Readonly<Record<'share' | 'record' | 'settings' | 'end', () => void>>;
}>;

/** What has no room in the bar of a phone. */
export function MoreDialog({ open, isHost, isRecording, isSharing, onClose, run }: MoreProps) {
	const then = (action: () => void) => () => {
		onClose();
		action();
	};
	return (
		<Dialog open={open} title="More" onClose={onClose}>
			<div className="more">
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
