import { CalendarPlus, Check, Copy, UserPlus } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { Button, Dialog } from '../design';
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

/** A button that opens the ways to invite. */
export function InviteButton({ onClick }: { onClick: () => void }) {
	const t = useWords();
	return (
		<Button icon={<UserPlus size={20} aria-hidden="true" />} onClick={onClick}>
			{t('invite.label')}
		</Button>
	);
}

/** The card for who is alone in a meeting. */
export function InviteCard({ onMore }: { onMore: () => void }) {
	const t = useWords();
	return (
		<aside className="invite" aria-label={t('invite.label')}>
			<h2>{t('invite.title')}</h2>
			<p className="quiet">{t('invite.text')}</p>
			<p className="invite-address" dir="ltr">
				{inviteAddress()}
			</p>
			<CopyLink kind="filled" />
			<Button kind="plain" onClick={onMore}>
				{t('invite.more')}
			</Button>
		</aside>
	);
}

/** The ways to invite: the link, a code for phones, and an entry for the calendar. */
export function InviteDialog({ open, room, onClose }: { open: boolean; room: string; onClose: () => void }) {
	const t = useWords();
	return (
		<Dialog open={open} title={t('invite.label')} onClose={onClose}>
			<div className="invite-ways">
				<QrCode text={inviteAddress()} />
				<div className="invite-links">
					<p className="quiet">{t('invite.text')}</p>
					<p className="invite-address" dir="ltr">
						{inviteAddress()}
					</p>
					<CopyLink kind="filled" />
					<a className="button" data-kind="outlined" data-size="medium" href={`/api/v1/rooms/${encodeURIComponent(room)}/calendar.ics`} download>
						<CalendarPlus size={20} aria-hidden="true" />
						{t('invite.calendar')}
					</a>
				</div>
			</div>
		</Dialog>
	);
}

/** A QR code of the address, dark on light in every theme: cameras want it so. */
function QrCode({ text }: { text: string }) {
	const t = useWords();
	const ref = useRef<HTMLCanvasElement>(null);
	useEffect(() => {
		let wanted = true;
		void import('lean-qr').then(({ generate }) => {
			if (wanted && ref.current !== null) generate(text).toCanvas(ref.current, { on: [0, 0, 0, 255], off: [255, 255, 255, 255], pad: 2 });
		});
		return () => {
			wanted = false;
		};
	}, [text]);
	return <canvas ref={ref} className="qr" role="img" aria-label={t('invite.qr')} />;
}

/** Puts text on the clipboard, also on pages without https, where browsers have only the old way. */
export async function copyText(text: string): Promise<void> {
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
