import { away } from './format';
import type { Delivery } from './webhook_api';
import { countWords, sentence } from './words';
import type { StateTone } from './words';

/** How a delivery stands. */
export function deliveryState({ state, attempts }: Pick<Delivery, 'state' | 'attempts'>): Readonly<{ tone: StateTone; short: string }> {
	switch (state) {
		case 'delivered':
			return { tone: 'good', short: 'Delivered' };
		case 'dead':
			return { tone: 'danger', short: 'Given up' };
		case 'pending':
			return attempts === 0 ? { tone: 'busy', short: 'On its way' } : { tone: 'warning', short: 'Tried again later' };
	}
}

/** Why it stands so: attempts, the last answer, and when the next is. */
export function deliveryReason({ state, attempts, status, problem, next_at }: Delivery, now: number): string {
	const tries = attempts === 0 ? [] : [`${countWords(attempts, 'attempt')}.`];
	const answer = status === 0 ? [] : [`The last answer was ${status}.`];
	const why = problem === '' || state === 'delivered' ? [] : [sentence(problem)];
	const next = state === 'pending' && attempts > 0 && next_at > 0 ? [`Next ${away(next_at, now)}.`] : [];
	return [...tries, ...(why.length === 0 ? answer : why), ...next].join(' ');
}
