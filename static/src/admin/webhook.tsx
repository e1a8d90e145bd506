import { ArrowLeft, EllipsisVertical, Inbox, RefreshCw, Send } from 'lucide-react';
import { useCallback, useContext, useState } from 'react';
import { Button, Dialog, IconButton, Menu } from '../design';
import { moment } from './format';
import { Columns, Danger, Empty, Fact, FilterSelect, here, Loaded, More, PageHead, State } from './parts';
import { useAction, usePoll } from './poll';
import type { Poll } from './poll';
import { Link, useRouter } from './router';
import { SessionContext } from './session';
import { Sure } from './sure';
import type { Question } from './sure';
import { changeWebhook, deleteWebhook, getWebhook, listDeliveries, pingWebhook, redeliver, renewSecret } from './webhook_api';
import type { Delivery, DeliveryPage, Webhook } from './webhook_api';
import { WebhookForm } from './webhook_form';
import { hearsWords, Secret, webhookName } from './webhooks';
import { deliveryState, deliveryReason } from './delivery_words';
import { failureWords } from './words';

const EVERY_MS = 3000;

/** One webhook and what was sent to it. */
export function WebhookPage({ id, state }: { id: number; state: string }) {
	const load = useCallback((signal: AbortSignal) => getWebhook(id, signal), [id]);
	const poll = usePoll(load, 15_000);
	return (
		<>
			<Link className="back" to={{ page: 'webhooks' }}>
				<ArrowLeft size={16} aria-hidden="true" />
				All webhooks
			</Link>
			{poll.data === null ? <PageHead title="Webhook" /> : null}
			<Loaded poll={poll} title="The webhook can’t be shown" rows={3}>
				{(webhook) => <Detail webhook={webhook} now={poll.at} state={state} onChange={poll.refresh} />}
			</Loaded>
		</>
	);
}

type Open = 'edit' | 'secret' | 'delete' | null;

function Detail({ webhook, now, state, onChange }: { webhook: Webhook; now: number; state: string; onChange: () => void }) {
	const { notify } = useContext(SessionContext);
	const [open, setOpen] = useState<Open>(null);
	const [pages, setPages] = useState(1);
	const load = useCallback((signal: AbortSignal) => loadPages(webhook.id, state, pages, signal), [webhook.id, state, pages]);
	const poll = usePoll(load, EVERY_MS);
	const { go } = useRouter();
	const { busy, run } = useAction((failure) => notify({ tone: 'danger', text: failureWords(failure) }));
	const ping = () => {
		run(async (signal) => {
			await pingWebhook(webhook.id, signal);
			notify({ tone: 'info', text: 'A test is on its way. How it went is shown below.' });
			poll.refresh();
		});
	};
	return (
		<>
			<PageHead title={webhookName(webhook)} lead={webhook.url}>
				<div className="actions">
					<Button kind="filled" disabled={busy || !webhook.active} icon={<Send size={16} aria-hidden="true" />} onClick={ping}>
						Send a test
					</Button>
					<Button onClick={() => setOpen('edit')}>Change</Button>
					<Menu
						label="More actions"
						items={[
							{ kind: 'action', label: 'New secret', onPick: () => setOpen('secret') },
							{ kind: 'line' },
							{ kind: 'action', label: 'Delete webhook', tone: 'danger', onPick: () => setOpen('delete') },
						]}
						opener={(props) => <IconButton {...props} label="More for this webhook" icon={<EllipsisVertical size={20} />} tip="none" />}
					/>
				</div>
			</PageHead>
			<FactsCard webhook={webhook} now={now} />
			<Deliveries webhook={webhook} state={state} poll={poll} onMore={() => setPages(pages + 1)} />
			<Dialog open={open === 'edit'} title={`Change “${webhookName(webhook)}”`} onClose={() => setOpen(null)}>
				<WebhookForm
					webhook={webhook}
					action="Save changes"
					onSend={async (wish, signal) => {
						await changeWebhook(webhook.id, wish, signal);
						onChange();
						setOpen(null);
					}}
				/>
			</Dialog>
			<SecretDialog webhook={webhook} open={open === 'secret'} onClose={() => setOpen(null)} />
			<Sure question={open === 'delete' ? deleteQuestion(webhook) : null} onClose={() => setOpen(null)} onDone={() => go({ page: 'webhooks' })} />
		</>
	);
}

async function loadPages(id: number, state: string, pages: number, signal: AbortSignal): Promise<DeliveryPage> {
	const deliveries: Delivery[] = [];
	let before = 0;
	for (let page = 0; page < pages; page++) {
		const answer = await listDeliveries(id, state, before, signal);
		deliveries.push(...answer.deliveries);
		before = answer.next;
		if (before === 0) break;
	}
	return { deliveries, next: before };
}

function FactsCard({ webhook, now }: { webhook: Webhook; now: number }) {
	return (
		<section className="card summary" aria-label="About this webhook">
			<div className="summary-state">
				{webhook.active ? <State tone="good">Active</State> : <State tone="quiet">Paused</State>}
				<p className="quiet">{webhook.active ? 'Events are sent as they happen.' : 'Nothing new is queued, and what is queued waits until it is active again.'}</p>
			</div>
			<dl className="facts">
				<Fact name="Hears of">{hearsWords(webhook)}</Fact>
				<Fact name="Added by">{webhook.user.name}</Fact>
				<Fact name="Since">{moment(webhook.created_at, now, here())}</Fact>
				{webhook.events.length === 0 ? null : (
					<Fact name="Events">
						<ul className="details">
							{webhook.events.map((event) => (
								<li key={event}>{event}</li>
							))}
						</ul>
					</Fact>
				)}
			</dl>
		</section>
	);
}

const STATES = [
	{ value: '', label: 'All deliveries' },
	{ value: 'pending', label: 'On their way' },
	{ value: 'delivered', label: 'Delivered' },
	{ value: 'dead', label: 'Given up' },
];

type DeliveriesProps = { webhook: Webhook; state: string; poll: Poll<DeliveryPage>; onMore: () => void };

function Deliveries({ webhook, state, poll, onMore }: DeliveriesProps) {
	const { go } = useRouter();
	const { notify } = useContext(SessionContext);
	const { busy, run } = useAction((failure) => notify({ tone: 'danger', text: failureWords(failure) }));
	const again = (delivery: Delivery) => {
		run(async (signal) => {
			await redeliver(webhook.id, delivery.id, signal);
			poll.refresh();
		});
	};
	return (
		<section className="section" aria-labelledby="deliveries-title">
			<header className="section-head">
				<h2 id="deliveries-title">Deliveries</h2>
				<FilterSelect label="Which deliveries" value={state} options={STATES} onPick={(value) => go({ page: 'webhook', id: webhook.id, state: value }, true)} />
			</header>
			<Loaded poll={poll} title="The deliveries can’t be shown" rows={3}>
				{({ deliveries, next }) =>
					deliveries.length === 0 ? (
						<Empty icon={<Inbox size={24} />} title={state === '' ? 'Nothing was sent yet' : 'No such delivery'}>
							<p>{state === '' ? 'Send a test to see whether the address answers.' : 'Others may be there without the filter.'}</p>
						</Empty>
					) : (
						<>
							<div className="card">
								<table className="list deliveries">
									<Columns of={['Event', 'When', 'State']} />
									<tbody>
										{deliveries.map((delivery) => (
											<DeliveryRow key={delivery.id} delivery={delivery} now={poll.at} busy={busy} onAgain={() => again(delivery)} />
										))}
									</tbody>
								</table>
							</div>
							{next === 0 ? null : <More what="deliveries" onMore={onMore} />}
						</>
					)
				}
			</Loaded>
		</section>
	);
}

function DeliveryRow({ delivery, now, busy, onAgain }: { delivery: Delivery; now: number; busy: boolean; onAgain: () => void }) {
	const { tone, short } = deliveryState(delivery);
	return (
		<tr>
			<td className="cell-main">
				<span className="name">{delivery.type}</span>
				{delivery.room === '' ? null : (
					<span className="second truncate">
						Room <Link to={{ page: 'room', id: delivery.room, tab: 'events' }}>{delivery.room}</Link>
					</span>
				)}
			</td>
			<td className="cell-when">{moment(delivery.last_at === 0 ? delivery.queued_at : delivery.last_at, now, here())}</td>
			<td className="cell-state">
				<State tone={tone}>{short}</State>
				<span className="second">{deliveryReason(delivery, now)}</span>
			</td>
			<td className="cell-do">
				{delivery.state === 'dead' ? (
					<div className="actions">
						<Button disabled={busy} icon={<RefreshCw size={16} aria-hidden="true" />} onClick={onAgain}>
							Send again
						</Button>
					</div>
				) : null}
			</td>
		</tr>
	);
}

function SecretDialog({ webhook, open, onClose }: { webhook: Webhook; open: boolean; onClose: () => void }) {
	const [made, setMade] = useState<Webhook | null>(null);
	const { busy, failure, run, forget } = useAction();
	const close = () => {
		setMade(null);
		forget();
		onClose();
	};
	if (made !== null) {
		return (
			<Dialog open={open} title="The new secret" onClose={close}>
				<Secret webhook={made} onClose={close} />
			</Dialog>
		);
	}
	return (
		<Danger
			open={open}
			title={`A new secret for “${webhookName(webhook)}”`}
			text="The old one counts no longer: until your program knows the new one, it can’t tell that calls are from this server."
			action="Make a new secret"
			busy={busy}
			error={failure === null ? null : failureWords(failure)}
			onConfirm={() => run(async (signal) => setMade(await renewSecret(webhook.id, signal)))}
			onClose={close}
		/>
	);
}

function deleteQuestion(webhook: Webhook): Question {
	return {
		title: `Delete “${webhookName(webhook)}”`,
		text: 'What is on its way to it goes too. This can’t be undone.',
		action: 'Delete webhook',
		done: `“${webhookName(webhook)}” was deleted.`,
		work: (signal) => deleteWebhook(webhook.id, signal),
	};
}
