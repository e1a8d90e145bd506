import { CalendarPlus, CircleX, Clock, Copy, EllipsisVertical, ExternalLink, PenLine, UserCheck, Video } from 'lucide-react';
import { useContext, useState } from 'react';
import type { ReactNode } from 'react';
import { IconButton, Menu } from '../design';
import type { MenuItem } from '../design';
import { copyText } from './clipboard';
import type { Room } from './model';
import { CopyButton } from './parts';
import type { Phase } from './phase';
import { calendarUrl, EditDialog } from './reserve';
import { CancelDialog, EndDialog, ExtendDialog } from './room_dialogs';
import { RECORDINGS } from './route';
import { useRouter } from './router';
import { SessionContext } from './session';
import { titleOf } from './words';

/** What can be done with a room that asks first. */
export type Asking = Readonly<{ what: 'edit' | 'extend' | 'end' | 'cancel'; room: Room }>;

/** The address to send for a path on this server. */
export function absolute(path: string): string {
	return new URL(path, location.origin).href;
}

/** The dialogs of a list of rooms, and the function that opens one. */
export function useRoomDialogs(onDone: () => void): Readonly<{ ask: (asking: Asking) => void; dialogs: ReactNode }> {
	const [asking, setAsking] = useState<Asking | null>(null);
	const of = (what: Asking['what']) => (asking?.what === what ? asking.room : null);
	const close = () => setAsking(null);
	const dialogs = (
		<>
			<EditDialog room={of('edit')} onClose={close} onChanged={onDone} />
			<ExtendDialog room={of('extend')} onClose={close} onDone={onDone} />
			<EndDialog room={of('end')} onClose={close} onDone={onDone} />
			<CancelDialog room={of('cancel')} onClose={close} onDone={onDone} />
		</>
	);
	return { ask: setAsking, dialogs };
}

type ActionsProps = { room: Room; phase: Phase; ask: (asking: Asking) => void; /** In the head of a room's page, where words have room. */ wide?: boolean };

/** What can be done with a room. */
export function RoomActions({ room, phase, ask, wide = false }: ActionsProps) {
	const items = useItems(room, phase, ask);
	const title = titleOf(room);
	return (
		<div className="actions">
			{phase === 'open' ? (
				<a className="button" data-kind={wide ? 'filled' : 'outlined'} href={room.host_url} target="_blank" rel="noopener" aria-label={`Open as host: ${title}`}>
					<ExternalLink size={16} aria-hidden="true" />
					Open as host
				</a>
			) : null}
			{phase === 'open' && !wide ? <CopyButton text={absolute(room.meeting_url)} label={`Copy meeting link of ${title}`} /> : null}
			{phase === 'upcoming' || (phase === 'open' && wide) ? <CopyButton text={absolute(room.meeting_url)} label={`Copy link of ${title}`} words="Copy link" /> : null}
			<Menu label={`Actions for ${title}`} items={items} opener={(props) => <IconButton {...props} label={`More for ${title}`} icon={<EllipsisVertical size={20} />} tip="none" />} />
		</div>
	);
}

function useItems(room: Room, phase: Phase, ask: (asking: Asking) => void): readonly MenuItem[] {
	const { go } = useRouter();
	const { notify } = useContext(SessionContext);
	const copy = (what: string, path: string) => {
		copyText(absolute(path)).then(
			() => notify({ tone: 'good', text: `${what} copied.` }),
			() => notify({ tone: 'danger', text: 'Your browser did not allow copying. Open the room and copy the link by hand.' }),
		);
	};
	const action = (label: string, icon: ReactNode, onPick: () => void): MenuItem => ({ kind: 'action', label, icon, onPick });
	const alive = phase === 'open' || phase === 'upcoming';
	const size = { size: 16, 'aria-hidden': true } as const;
	return [
		...(alive
			? [
					action('Change', <PenLine {...size} />, () => ask({ what: 'edit', room })),
					action('Extend', <Clock {...size} />, () => ask({ what: 'extend', room })),
					{ kind: 'line' } as const,
					action('Copy meeting link', <Copy {...size} />, () => copy('Meeting link', room.meeting_url)),
					action('Copy host link', <Copy {...size} />, () => copy('Host link', room.host_url)),
					action('Download calendar file', <CalendarPlus {...size} />, () => download(calendarUrl(room))),
					{ kind: 'line' } as const,
				]
			: []),
		action('Show attendance', <UserCheck {...size} />, () => go({ page: 'room', id: room.id, tab: 'attendance' })),
		action('Show recordings', <Video {...size} />, () => go({ ...RECORDINGS, room: room.id })),
		...(alive ? [{ kind: 'line' } as const] : []),
		...(phase === 'open' ? [{ kind: 'action', label: 'End meeting', icon: <CircleX {...size} />, tone: 'danger', onPick: () => ask({ what: 'end', room }) } as const] : []),
		...(phase === 'upcoming' ? [{ kind: 'action', label: 'Cancel room', icon: <CircleX {...size} />, tone: 'danger', onPick: () => ask({ what: 'cancel', room }) } as const] : []),
	];
}

/** Has the browser save what is at a path of this server. */
function download(path: string): void {
	const link = document.createElement('a');
	link.href = path;
	link.download = '';
	link.click();
}
