import { ImageOff, LoaderCircle, TriangleAlert, Volume2 } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Client, ClientState, RecordingState } from '../client';
import { Button } from '../design';
import { useWords } from '../words';
import type { Words } from '../words';

/** True while the page has lost the server or its media. */
export function isInterrupted({ link, media }: ClientState): boolean {
	return link.kind !== 'open' || media === 'interrupted';
}

/** Stands while the page joins. */
export function Joining({ link }: { link: ClientState['link'] }) {
	const t = useWords();
	return (
		<main className="over" aria-busy="true">
			<div className="over-card" role="status">
				<LoaderCircle size={28} className="spinning" aria-hidden="true" />
				<p>{link.kind === 'retrying' ? t('app.noAnswer') : t('app.joining')}</p>
			</div>
		</main>
	);
}

/** What is wrong with the running recording, in the viewer's language. */
export function warningWords(t: Words, { warning, warning_code: code, silent = [] }: RecordingState): string {
	if (code === undefined) return warning ?? ''; // a newer server's
	return code === 'silent' ? t('recording.warning.silent', { names: t.list(silent) }) : t(`recording.warning.${code}`);
}

/** What lies on the stage while something needs attention. */
export function Banners({ state, client, soundOnly, children }: { state: ClientState; client: Client; soundOnly: boolean; children?: ReactNode }) {
	const t = useWords();
	return (
		<div className="banners" role="status">
			{children}
			{state.meeting?.role === 'host' && state.meeting.recording.warning !== undefined ? (
				<p className="banner">
					<TriangleAlert size={16} className="warning" aria-hidden="true" /> {warningWords(t, state.meeting.recording)}
				</p>
			) : null}
			{isInterrupted(state) ? (
				<p className="banner">
					<LoaderCircle size={16} className="spinning" aria-hidden="true" /> {t('app.reconnecting')}
				</p>
			) : null}
			{state.sharing ? <p className="unseen">{t('stage.sharing')}</p> : null}
			{soundOnly ? (
				<p className="banner">
					<ImageOff size={16} aria-hidden="true" /> {t('stage.soundOnly')}
				</p>
			) : null}
			{state.soundBlocked ? (
				<Button kind="filled" size="large" icon={<Volume2 size={20} aria-hidden="true" />} onClick={client.playSound}>
					{t('stage.hear')}
				</Button>
			) : null}
		</div>
	);
}
