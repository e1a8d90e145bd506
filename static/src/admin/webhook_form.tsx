import { useContext, useState } from 'react';
import type { SyntheticEvent } from 'react';
import { Button, Select, Switch, TextField } from '../design';
import { useAction } from './poll';
import { FormFailure } from './reserve';
import { Choices, Ticks } from './room_form';
import { SessionContext } from './session';
import { EVENT_TYPES } from './stream';
import type { Webhook, WebhookWish } from './webhook_api';
import { failureWords } from './words';

type WebhookFormProps = {
	webhook?: Webhook;
	action: string;
	onSend: (wish: WebhookWish, signal: AbortSignal) => Promise<void>;
};

/** Why an address can't be called; null when it may be. The server has the last word. */
export function urlError(typed: string): string | null {
	let url: URL;
	try {
		url = new URL(typed.trim());
	} catch {
		return 'Enter a whole address, such as https://example.org/plenum.';
	}
	return url.protocol === 'https:' || url.protocol === 'http:' ? null : 'It must begin with https.';
}

/** The fields of a webhook, new or to be changed. */
export function WebhookForm({ webhook, action, onSend }: WebhookFormProps) {
	const { user } = useContext(SessionContext);
	const [name, setName] = useState(webhook?.name ?? '');
	const [url, setUrl] = useState(webhook?.url ?? '');
	const [which, setWhich] = useState<'all' | 'some'>(webhook === undefined || webhook.events.length === 0 ? 'all' : 'some');
	const [events, setEvents] = useState<readonly string[]>(webhook?.events ?? []);
	const [rooms, setRooms] = useState<'own' | 'all'>(webhook?.rooms ?? 'own');
	const [active, setActive] = useState(webhook?.active ?? true);
	const [tried, setTried] = useState(false);
	const { busy, failure, run } = useAction();
	const wrong = urlError(url);
	const none = which === 'some' && events.length === 0;
	const submit = (event: SyntheticEvent) => {
		event.preventDefault();
		setTried(true);
		if (wrong !== null || none) return;
		run((signal) => onSend({ name: name.trim(), url: url.trim(), events: which === 'all' ? [] : events, rooms, active }, signal));
	};
	return (
		<form className="form" onSubmit={submit} noValidate>
			<TextField label="Name" placeholder="Payroll" maxLength={100} value={name} onChange={(event) => setName(event.currentTarget.value)} />
			<TextField
				label="Address"
				type="url"
				inputMode="url"
				placeholder="https://example.org/plenum"
				value={url}
				error={tried && wrong !== null ? wrong : undefined}
				hint="Each event is sent here by POST, signed with the webhook’s secret."
				onChange={(event) => setUrl(event.currentTarget.value)}
			/>
			{user.role === 'admin' ? (
				<Select
					label="Of which rooms"
					options={[
						{ value: 'own', label: 'My own' },
						{ value: 'all', label: 'All on this server' },
					]}
					value={rooms}
					onPick={(value) => setRooms(value === 'all' ? 'all' : 'own')}
				/>
			) : null}
			<Choices
				legend="Events"
				name="events"
				value={which}
				options={[
					{ value: 'all', label: 'All' },
					{ value: 'some', label: 'Only these' },
				]}
				onPick={setWhich}
			/>
			{which === 'some' ? (
				<Ticks legend="Which" values={events} options={EVENT_TYPES.map((value) => ({ value, label: value }))} onPick={setEvents} hint={tried && none ? <span className="error">Choose at least one.</span> : undefined} />
			) : null}
			<Switch label="Active" on={active} onChange={setActive} />
			<FormFailure words={failure === null ? null : failureWords(failure)} />
			<Button kind="filled" size="large" type="submit" disabled={busy} aria-busy={busy}>
				{busy ? 'Saving…' : action}
			</Button>
		</form>
	);
}
