import type { Meeting, Reactions } from '../client';
import { useWords } from '../words';
import { useStore } from './hooks';
import { namesInWords } from './time';

/** The reactions of the last seconds, rising at the edge of the stage. */
export function Burst({ reactions, meeting }: { reactions: Reactions['shown']; meeting: Meeting }) {
	const t = useWords();
	const shown = useStore(reactions);
	const names = new Map(meeting.participants.map(({ id, name }) => [id, id === meeting.self ? t('app.yourself') : name]));
	return (
		<ul className="burst" aria-label={t('reactions.title')}>
			{shown.slice(-6).map(({ key, emoji, count, participants }) => (
				<li key={key} className="burst-row">
					<span className="emoji">{emoji}</span>
					<span className="truncate ticking">{count > 1 ? count : namesInWords(t, participants.flatMap((id) => names.get(id) ?? []), 1)}</span>
				</li>
			))}
		</ul>
	);
}
