import { DoorClosed, LoaderCircle } from 'lucide-react';
import type { Link, WaitingState } from '../client';
import { Button } from '../design';
import { useWords } from '../words';
import type { Words } from '../words';

export type WaitingRoomProps = Readonly<{ waiting: WaitingState; link: Link; onLeave: () => void }>;

/** The page while a host has yet to let the viewer in. It goes on by itself. */
export function WaitingRoom({ waiting, link, onLeave }: WaitingRoomProps) {
	const t = useWords();
	return (
		<main className="over">
			<div className="over-card">
				<span className="over-icon">
					<DoorClosed size={28} aria-hidden="true" />
				</span>
				<h1 dir="auto">{waiting.title === '' ? t('app.meeting') : waiting.title}</h1>
				<p className="waiting-words" role="status">
					<LoaderCircle size={20} className="spinning" aria-hidden="true" />
					<span>{link.kind === 'retrying' ? t('app.noAnswer') : waitingWords(t, waiting)}</span>
				</p>
				<p className="quiet">{t('waiting.as', { name: waiting.name })}</p>
				<Button size="large" onClick={onLeave}>
					{t('bar.leave.short')}
				</Button>
			</div>
		</main>
	);
}

/** What the viewer waits for. */
export function waitingWords(t: Words, { reason, hostPresent }: Pick<WaitingState, 'reason' | 'hostPresent'>): string {
	if (reason === 'sent_back') return t('waiting.sentBack');
	return hostPresent ? t('waiting.host') : t('waiting.noHost');
}
