import { Webhook as WebhookIcon } from 'lucide-react';
import { useContext, useState } from 'react';
import { Button, Dialog } from '../design';
import { CopyLine, Empty, Loaded, PageHead, State } from './parts';
import { usePoll } from './poll';
import { Link, useRouter } from './router';
import { SessionContext } from './session';
import { createWebhook, listWebhooks } from './webhook_api';
import type { Webhook } from './webhook_api';
import { WebhookForm } from './webhook_form';
import { countWords } from './words';

const EVERY_MS = 15_000;

/** Programs that hear of what happens in rooms. */
export function WebhooksPage() {
	const { user } = useContext(SessionContext);
	const poll = usePoll(listWebhooks, EVERY_MS);
	const [adding, setAdding] = useState(false);
	const add = (
		<Button kind="filled" icon={<WebhookIcon size={20} aria-hidden="true" />} onClick={() => setAdding(true)}>
			Add a webhook
		</Button>
	);
	return (
		<>
			<PageHead title="Webhooks" lead={user.role === 'admin' ? 'Programs that hear of what happens in rooms. You see everybody’s.' : 'Programs of yours that hear of what happens in rooms.'}>
				{add}
			</PageHead>
			<Loaded poll={poll} title="The webhooks can’t be shown" rows={3}>
				{(webhooks) =>
					webhooks.length === 0 ? (
						<Empty icon={<WebhookIcon size={24} />} title="No webhooks yet">
							<p>A webhook is an address of yours that is called when a room is reserved, somebody joins or leaves, or a recording ends. What can’t be delivered is tried again.</p>
						</Empty>
					) : (
						<WebhookTable webhooks={webhooks} whose={user.role === 'admin'} />
					)
				}
			</Loaded>
			<AddDialog open={adding} onClose={() => setAdding(false)} onAdded={poll.refresh} />
		</>
	);
}

function WebhookTable({ webhooks, whose }: { webhooks: readonly Webhook[]; whose: boolean }) {
	return (
		<div className="card">
			<table className="list webhooks">
				<thead>
					<tr>
						<th scope="col">Webhook</th>
						<th scope="col">Hears of</th>
						<th scope="col">State</th>
					</tr>
				</thead>
				<tbody>
					{webhooks.map((webhook) => (
						<tr key={webhook.id} className="goes">
							<td className="cell-main">
								<Link className="name stretched" to={{ page: 'webhook', id: webhook.id, state: '' }}>
									{webhookName(webhook)}
								</Link>
								<span className="second">{webhook.url}</span>
							</td>
							<td className="cell-who">
								{hearsWords(webhook)}
								{whose ? <span className="second">Added by {webhook.user.name}</span> : null}
							</td>
							<td className="cell-state">{webhook.active ? <State tone="good">Active</State> : <State tone="quiet">Paused</State>}</td>
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}

/** What a webhook is called: its name, or whom it calls. */
export function webhookName({ name, url }: Pick<Webhook, 'name' | 'url'>): string {
	if (name.trim() !== '') return name;
	try {
		return new URL(url).host;
	} catch {
		return url;
	}
}

/** What a webhook hears of, in words. */
export function hearsWords({ events, rooms }: Pick<Webhook, 'events' | 'rooms'>): string {
	return `${events.length === 0 ? 'All events' : countWords(events.length, 'kind of event', 'kinds of events')} of ${rooms === 'all' ? 'all rooms' : 'own rooms'}`;
}

function AddDialog({ open, onClose, onAdded }: { open: boolean; onClose: () => void; onAdded: () => void }) {
	const { go } = useRouter();
	const [made, setMade] = useState<Webhook | null>(null);
	const close = () => {
		setMade(null);
		onClose();
	};
	return (
		<Dialog open={open} title={made === null ? 'Add a webhook' : 'The webhook was added'} onClose={close}>
			{made === null ? (
				<WebhookForm
					action="Add webhook"
					onSend={async (wish, signal) => {
						setMade(await createWebhook(wish, signal));
						onAdded();
					}}
				/>
			) : (
				<Secret
					webhook={made}
					onClose={() => {
						close();
						go({ page: 'webhook', id: made.id, state: '' });
					}}
				/>
			)}
		</Dialog>
	);
}

/** The secret of a webhook, which is shown once. */
export function Secret({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
	return (
		<div className="form made">
			<CopyLine label={`Secret of “${webhookName(webhook)}”`} value={webhook.secret} hint="Copy it now. It is shown this once. Your program checks with it that a call is from this server, as Standard Webhooks describes." />
			<div className="made-do">
				<Button kind="filled" onClick={onClose}>
					I have copied it
				</Button>
			</div>
		</div>
	);
}
