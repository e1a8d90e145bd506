import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Button } from '../design';
import { useWords } from '../words';

/** The address to give to others: without the host token, which opened this page. */
export function inviteAddress(): string {
	return location.origin + location.pathname;
}

/** A button that copies the meeting's address and says so. */
export function CopyLink({ kind = 'outlined' }: { kind?: 'filled' | 'outlined' }) {
	const t = useWords();
	const [copied, setCopied] = useState(false);
	useEffect(() => {
		if (!copied) return;
		const timer = setTimeout(() => setCopied(false), 2000);
		return () => clearTimeout(timer);
	}, [copied]);
	const copy = async () => {
		await copyText(inviteAddress());
		setCopied(true);
	};
	return (
		<Button kind={kind} icon={copied ? <Check size={20} aria-hidden="true" /> : <Copy size={20} aria-hidden="true" />} onClick={() => void copy()}>
			{copied ? t('app.linkCopied') : t('app.copyLink')}
		</Button>
	);
}

/** The card for who is alone in a meeting. */
export function InviteCard() {
	const t = useWords();
	return (
		<aside className="invite" aria-label={t('invite.label')}>
			<h2>{t('invite.title')}</h2>
			<p className="quiet">{t('invite.text')}</p>
			<p className="invite-address">{inviteAddress()}</p>
			<CopyLink kind="filled" />
		</aside>
	);
}

/** Puts text on the clipboard, also on pages without https, where browsers have only the old way. */
async function copyText(text: string): Promise<void> {
	try {
		await navigator.clipboard.writeText(text);
	} catch {
		const field = document.createElement('textarea');
		field.value = text;
		field.className = 'unseen';
		document.body.append(field);
		field.select();
		// eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way without a secure context
		document.execCommand('copy');
		field.remove();
	}
}
