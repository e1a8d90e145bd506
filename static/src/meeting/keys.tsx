import { Dialog } from '../design';
import { useWords } from '../words';
import { keysInWords, SHORTCUTS } from './shortcuts';

/** The keys of a meeting and what they do. */
export function KeyList() {
	const t = useWords();
	return (
		<dl className="keys">
			{SHORTCUTS.map(({ command, keys }) => (
				<div key={command}>
					<dt>{t(`keys.${command}`)}</dt>
					<dd>
						<kbd>{keysInWords(t, keys)}</kbd>
					</dd>
				</div>
			))}
		</dl>
	);
}

/** The help sheet. */
export function KeysDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
	const t = useWords();
	return (
		<Dialog open={open} title={t('keys.title')} onClose={onClose}>
			<KeyList />
		</Dialog>
	);
}
