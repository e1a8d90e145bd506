import { CircleAlert, DoorOpen, Link2Off, Lock, MonitorSmartphone, PhoneOff, UserX } from 'lucide-react';
import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Over } from '../client';
import { Button } from '../design';
import { useWords } from '../words';
import type { Key, Words } from '../words';

/** What stands on the page after a meeting. */
type Farewell = Readonly<{ icon: ReactNode; title: string; text: string; rejoin: string | undefined }>;

export type OverViewProps = Readonly<{ over: Over; unknown?: boolean; onRejoin?: () => void }>;

/** The page after the meeting, or where there is none. */
export function OverView({ over, unknown = false, onRejoin }: OverViewProps) {
	const t = useWords();
	const { icon, title, text, rejoin } = unknown ? plain(t, PLAIN.unknown) : farewellOf(t, over);
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

type OverKey = Extract<Key, `over.${string}`>;
type Plain = Readonly<{ Icon: LucideIcon; title: OverKey; text: OverKey; rejoin?: OverKey }>;

/** What is said of every end that needs no look at its details. */
const PLAIN: Readonly<Record<Exclude<Over['reason'], 'refused'> | 'unknown' | 'room_full' | 'room_locked' | 'link_expired', Plain>> = {
	left: { Icon: DoorOpen, title: 'over.left', text: 'over.leftText', rejoin: 'over.rejoin' },
	ended: { Icon: PhoneOff, title: 'over.ended', text: 'over.endedText' },
	replaced: { Icon: MonitorSmartphone, title: 'over.replaced', text: 'over.replacedText', rejoin: 'over.rejoinHere' },
	removed: { Icon: UserX, title: 'over.removed', text: 'over.removedText' },
	denied: { Icon: UserX, title: 'over.denied', text: 'over.deniedText' },
	revoked: { Icon: Link2Off, title: 'over.revoked', text: 'over.revokedText' },
	violated: { Icon: CircleAlert, title: 'over.violated', text: 'over.violatedText', rejoin: 'over.rejoin' },
	unknown: { Icon: Link2Off, title: 'over.unknown', text: 'over.unknownText' },
	room_full: { Icon: CircleAlert, title: 'over.full', text: 'over.fullText', rejoin: 'over.tryAgain' },
	room_locked: { Icon: Lock, title: 'over.locked', text: 'over.lockedText', rejoin: 'over.tryAgain' },
	link_expired: { Icon: Link2Off, title: 'over.expired', text: 'over.expiredText' },
};

function plain(t: Words, { Icon, title, text, rejoin }: Plain): Farewell {
	return { icon: <Icon size={28} aria-hidden="true" />, title: t(title), text: t(text), rejoin: rejoin === undefined ? undefined : t(rejoin) };
}

function farewellOf(t: Words, over: Over): Farewell {
	if (over.reason !== 'refused') return plain(t, PLAIN[over.reason]);
	const { code, message } = over;
	if (code === 'room_full' || code === 'room_locked' || code === 'link_expired') return plain(t, PLAIN[code]);
	const text = code === 'bad_offer' ? t('over.badOffer') : message === '' ? t('over.refusedText') : message;
	return { icon: <CircleAlert size={28} aria-hidden="true" />, title: t('over.refused'), text, rejoin: t('over.tryAgain') };
}
