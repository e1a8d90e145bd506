import { CircleAlert, DoorOpen, Link2Off, Lock, MonitorSmartphone, PhoneOff, UserX } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Over } from '../client';
import { Button } from '../design';

/** What stands on the page after a meeting. */
type Farewell = Readonly<{ icon: ReactNode; title: string; text: string; rejoin: string | undefined }>;

export type OverViewProps = Readonly<{ over: Over; unknown?: boolean; onRejoin?: () => void }>;

/** The page after the meeting, or where there is none. */
export function OverView({ over, unknown = false, onRejoin }: OverViewProps) {
	const { icon, title, text, rejoin } = unknown ? UNKNOWN : farewellOf(over);
	return (
		<main className="over">
			<div className="over-card">
				<span className="over-icon">{icon}</span>
				<h1>{title}</h1>
				<p className="quiet">{text}</p>
				{rejoin === undefined || onRejoin === undefined ? null : (
					<Button kind="filled" size="large" autoFocus onClick={onRejoin}>
						{rejoin}
					</Button>
				)}
			</div>
		</main>
	);
}

const UNKNOWN: Farewell = {
	icon: <Link2Off size={28} aria-hidden="true" />,
	title: 'There is no such meeting',
	text: 'The meeting is over, or its address was copied in part. Ask whoever invited you for the link.',
	rejoin: undefined,
};

function farewellOf(over: Over): Farewell {
	switch (over.reason) {
		case 'left':
			return { icon: <DoorOpen size={28} aria-hidden="true" />, title: 'You left the meeting', text: 'Your microphone and camera are off.', rejoin: 'Rejoin' };
		case 'ended':
			return {
				icon: <PhoneOff size={28} aria-hidden="true" />,
				title: 'The meeting has ended',
				text: 'Its time is over, or a host ended it. Your microphone and camera are off. You can close this page.',
				rejoin: undefined,
			};
		case 'replaced':
			return {
				icon: <MonitorSmartphone size={28} aria-hidden="true" />,
				title: 'You are in this meeting elsewhere',
				text: 'Your place was taken up in another tab or window. This one is not connected any more.',
				rejoin: 'Rejoin here',
			};
		case 'removed':
			return {
				icon: <UserX size={28} aria-hidden="true" />,
				title: 'You were removed from the meeting',
				text: 'A host removed you. Your microphone and camera are off. If that was a mistake, ask whoever invited you.',
				rejoin: undefined,
			};
		case 'denied':
			return {
				icon: <UserX size={28} aria-hidden="true" />,
				title: 'You were not let in',
				text: 'A host did not admit you. If that was a mistake, ask whoever invited you.',
				rejoin: undefined,
			};
		case 'revoked':
			return {
				icon: <Link2Off size={28} aria-hidden="true" />,
				title: 'Your link holds no more',
				text: 'The link or the login you came by was revoked. Ask whoever invited you for a new one.',
				rejoin: undefined,
			};
		case 'violated':
			return {
				icon: <CircleAlert size={28} aria-hidden="true" />,
				title: 'The server closed your connection',
				text: 'This page sent messages that the server does not accept. Reload it to get the newest version, then join again.',
				rejoin: 'Rejoin',
			};
		case 'refused':
			return refusedOf(over);
	}
}

function refusedOf({ code, message }: Extract<Over, { reason: 'refused' }>): Farewell {
	const icon = <CircleAlert size={28} aria-hidden="true" />;
	if (code === 'room_full') return { icon, title: 'The meeting is full', text: 'Wait until somebody leaves, then try again.', rejoin: 'Try again' };
	if (code === 'room_locked') {
		return {
			icon: <Lock size={28} aria-hidden="true" />,
			title: 'The meeting is locked',
			text: 'A host lets nobody new in at the moment. Ask them to unlock the meeting, then try again.',
			rejoin: 'Try again',
		};
	}
	const text = message === '' ? 'The server could not let you in. Try again in a moment.' : message;
	return { icon, title: 'You could not join', text, rejoin: 'Try again' };
}
