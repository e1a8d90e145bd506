import { ask, get, query, seg, send } from './http';
import { amount, flag, instant, list, object, oneOf, optional, text } from './shape';

/** An address that hears of events. No events means all. The secret is "" but when it is new. */
export type Webhook = Readonly<{
	id: number;
	name: string;
	user: Readonly<{ id: number; name: string }>;
	url: string;
	events: readonly string[];
	rooms: 'own' | 'all';
	active: boolean;
	created_at: number;
	secret: string;
}>;

const webhook = object<Webhook>({
	id: amount,
	name: optional(text, ''),
	user: object({ id: amount, name: text }),
	url: text,
	events: optional(list(text), []),
	rooms: oneOf<'own' | 'all'>(['own', 'all']),
	active: flag,
	created_at: instant,
	secret: optional(text, ''),
});

/** The webhooks: of all for admins, else one's own. */
export async function listWebhooks(signal: AbortSignal): Promise<readonly Webhook[]> {
	return (await get('/webhooks', object<Readonly<{ webhooks: readonly Webhook[] }>>({ webhooks: list(webhook) }), signal)).webhooks;
}

/** One webhook. */
export function getWebhook(id: number, signal: AbortSignal): Promise<Webhook> {
	return get(`/webhooks/${seg(id)}`, webhook, signal);
}

export type WebhookWish = Readonly<{ name: string; url: string; events: readonly string[]; rooms: 'own' | 'all'; active: boolean }>;

/** Adds a webhook; the answer has its secret. */
export function createWebhook(wish: WebhookWish, signal: AbortSignal): Promise<Webhook> {
	return ask('POST', '/webhooks', webhook, signal, wish);
}

/** Changes a webhook; what is left out stays. */
export function changeWebhook(id: number, change: Partial<WebhookWish>, signal: AbortSignal): Promise<Webhook> {
	return ask('PATCH', `/webhooks/${seg(id)}`, webhook, signal, change);
}

/** Deletes a webhook and what is on its way to it. */
export function deleteWebhook(id: number, signal: AbortSignal): Promise<void> {
	return send('DELETE', `/webhooks/${seg(id)}`, signal);
}

/** Gives a webhook a new secret, which is in the answer. */
export function renewSecret(id: number, signal: AbortSignal): Promise<Webhook> {
	return ask('POST', `/webhooks/${seg(id)}/secret`, webhook, signal);
}

export type DeliveryState = 'pending' | 'delivered' | 'dead';

/** An event on its way to a webhook. Times are 0 and problem is "" when there is none. */
export type Delivery = Readonly<{
	id: number;
	event: string;
	type: string;
	room: string;
	state: DeliveryState;
	queued_at: number;
	attempts: number;
	last_at: number;
	next_at: number;
	status: number;
	problem: string;
}>;

const delivery = object<Delivery>({
	id: amount,
	event: text,
	type: text,
	room: optional(text, ''),
	state: oneOf<DeliveryState>(['pending', 'delivered', 'dead']),
	queued_at: instant,
	attempts: amount,
	last_at: optional(instant, 0),
	next_at: optional(instant, 0),
	status: optional(amount, 0),
	problem: optional(text, ''),
});

export type DeliveryPage = Readonly<{ deliveries: readonly Delivery[]; next: number }>;

/** A page of deliveries, newest first; before is the next of the page before, or 0. */
export function listDeliveries(id: number, state: string, before: number, signal: AbortSignal): Promise<DeliveryPage> {
	const shape = object<DeliveryPage>({ deliveries: list(delivery), next: optional(amount, 0) });
	return get(`/webhooks/${seg(id)}/deliveries${query({ state, before: before === 0 ? undefined : before, limit: 50 })}`, shape, signal);
}

/** Sends a test event. */
export function pingWebhook(id: number, signal: AbortSignal): Promise<Delivery> {
	return ask('POST', `/webhooks/${seg(id)}/ping`, delivery, signal);
}

/** Sends again what was given up. */
export function redeliver(id: number, which: number, signal: AbortSignal): Promise<Delivery> {
	return ask('POST', `/webhooks/${seg(id)}/deliveries/${seg(which)}/redeliver`, delivery, signal);
}
