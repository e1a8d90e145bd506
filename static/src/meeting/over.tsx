import { CircleAlert, DoorOpen, Link2Off, Lock, MonitorSmartphone, PhoneOff, UserX } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Over } from '../client';
import { Button } from '../design';
import { useWords } from '../words';
import type { Words } from '../words';

/** What stands on the page after a meeting. */
type Farewell = Readonly<{ icon: ReactNode; title: string; text: string; rejoin: string | undefined }>;

export type OverViewProps = Readonly<{ over: Over; unknown?: boolean; onRejoin?: () => void }>;

/** The page after the meeting, or where there is none. */
export function OverView({ over, unknown = false, onRejoin }: OverViewProps) {
	const t = useWords();
	const { icon, title, text, rejoin } = unknown ? unknownOf(t) : farewellOf(t, over);
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

function unknownOf(t: Words): Farewell {
	return { icon: <Link2Off size={28} aria-hidden="true" />, title: t('over.unknown'), text: t('over.unknownText'), rejoin: undefined };
}

function farewellOf(t: Words, over: Over): Farewell {
	switch (over.reason) {
		case 'left':
			return { icon: <DoorOpen size={28} aria-hidden="true" />, title: t('over.left'), text: t('over.leftText'), rejoin: t('over.rejoin') };
		case 'ended':
			return {
				icon: <PhoneOff size={28} aria-hidden="true" />,
				title: t('over.ended'),
				text: t('over.endedText'),
				rejoin: undefined,
			};
		case 'replaced':
			return {
				icon: <MonitorSmartphone size={28} aria-hidden="true" />,
				title: t('over.replaced'),
				text: t('over.replacedText'),
				rejoin: t('over.rejoinHere'),
			};
		case 'removed':
			return {
				icon: <UserX size={28} aria-hidden="true" />,
				title: t('over.removed'),
				text: t('over.removedText'),
				rejoin: undefined,
			};
		case 'denied':
			return {
				icon: <UserX size={28} aria-hidden="true" />,
				title: t('over.denied'),
				text: t('over.deniedText'),
				rejoin: undefined,
			};
		case 'revoked':
			return {
				icon: <Link2Off size={28} aria-hidden="true" />,
				title: t('over.revoked'),
				text: t('over.revokedText'),
				rejoin: undefined,
			};
		case 'violated':
			return {
				icon: <CircleAlert size={28} aria-hidden="true" />,
				title: t('over.violated'),
				text: t('over.violatedText'),
				rejoin: t('over.rejoin'),
			};
		case 'refused':
			return refusedOf(t, over);
	}
}

function refusedOf(t: Words, { code, message }: Extract<Over, { reason: 'refused' }>): Farewell {
	const icon = <CircleAlert size={28} aria-hidden="true" />;
	if (code === 'room_full') return { icon, title: t('over.full'), text: t('over.fullText'), rejoin: t('over.tryAgain') };
	if (code === 'room_locked') {
		return {
			icon: <Lock size={28} aria-hidden="true" />,
			title: t('over.locked'),
			text: t('over.lockedText'),
			rejoin: t('over.tryAgain'),
		};
	}
	if (code === 'link_expired') return { icon: <Link2Off size={28} aria-hidden="true" />, title: t('over.expired'), text: t('over.expiredText'), rejoin: undefined };
	const text = code === 'bad_offer' ? t('over.badOffer') : message === '' ? t('over.refusedText') : message;
	return { icon, title: t('over.refused'), text, rejoin: t('over.tryAgain') };
}
