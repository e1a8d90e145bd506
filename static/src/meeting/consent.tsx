import { Disc } from 'lucide-react';
import { useCallback, useEffect, useState } from 'react';
import { browserStore } from '../client';
import type { Client, Meeting } from '../client';
import { Button, Switch } from '../design';
import { useWords } from '../words';

/** What the viewer answered to being recorded, if they did, and how to answer otherwise. */
export type Consent = Readonly<{ accepted: boolean | undefined; answer: (accept: boolean) => void }>;

const keyOf = (room: string) => `plenum.consent.${room}`;

/** The answer that this tab gave before in this room. */
function remembered(room: string): boolean | undefined {
	try {
		const text = browserStore('sessionStorage')?.getItem(keyOf(room));
		return text === 'yes' ? true : text === 'no' ? false : undefined;
	} catch {
		return undefined;
	}
}

/** Keeps the answer for this tab's session, and tells a server that does not know of a no. */
export function useConsent(client: Client, meeting: Meeting): Consent {
	const { room, self } = meeting;
	const [accepted, setAccepted] = useState(() => remembered(room.id));
	const answer = useCallback(
		(accept: boolean) => {
			setAccepted(accept);
			client.consent(accept);
			try {
				browserStore('sessionStorage')?.setItem(keyOf(room.id), accept ? 'yes' : 'no');
			} catch {
				// Without a store the answer holds until the page is left.
			}
		},
		[client, room.id],
	);
	useEffect(() => {
		if (remembered(room.id) === false) client.consent(false); // a new participant to the server
	}, [client, room.id, self]);
	return { accepted, answer };
}

/** Asks the viewer of a meeting that is recorded. */
export function ConsentBanner({ consent }: Readonly<{ consent: Consent }>) {
	const t = useWords();
	return (
		<div className="banner banner-asks">
			<p>
				<Disc size={16} className="danger" aria-hidden="true" /> {t('top.recorded')}
			</p>
			<div className="banner-answers">
				<Button kind="plain" onClick={() => consent.answer(false)}>
					{t('consent.decline')}
				</Button>
				<Button onClick={() => consent.answer(true)}>{t('consent.ok')}</Button>
			</div>
		</div>
	);
}

/** Where the answer is changed, in the settings. */
export function ConsentSection({ consent }: Readonly<{ consent: Consent }>) {
	const t = useWords();
	return (
		<section className="settings-section" aria-label={t('prejoin.recording')}>
			<h3>{t('prejoin.recording')}</h3>
			<Switch label={t('consent.decline')} on={consent.accepted === false} onChange={(on) => consent.answer(!on)} />
			<p className="hint quiet">{t('consent.hint')}</p>
		</section>
	);
}
