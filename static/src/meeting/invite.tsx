import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Button } from '../design';

/** The address to give to others: without the host token, which opened this page. */
export function inviteAddress(): string {
	return location.origin + location.pathname;
}

/** A button that copies the meeting's address and says so. */
export function CopyLink({ kind = 'outlined' }: { kind?: 'filled' | 'outlined' }) {
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
			{copied ? 'Link copied' : 'Copy link'}
		</Button>
	);
}

/** The card for who is alone in a meeting. */
export function InviteCard() {
	return (
		<aside className="invite" aria-label="Invite others">
			<h2>You are the first one here</h2>
			<p className="quiet">Send this link to those you want to meet. They need nothing but a browser.</p>
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
