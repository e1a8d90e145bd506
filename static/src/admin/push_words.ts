import type { Pushed } from './live_api';
import { countWords } from './words';

/** What became of a message, in a sentence. */
export function deliveryWords({ delivered, queue_full, gone }: Pick<Pushed, 'delivered' | 'queue_full' | 'gone'>): string {
	if (delivered + queue_full + gone === 0) return 'Nobody was there to get it.';
	const parts = [
		delivered === 0 ? 'Delivered to nobody' : `Delivered to ${countWords(delivered, 'recipient')}`,
		...(queue_full === 0 ? [] : [`${queue_full} did not read and ${queue_full === 1 ? 'was' : 'were'} disconnected`]),
		...(gone === 0 ? [] : [`${gone} ${gone === 1 ? 'was' : 'were'} no longer there`]),
	];
	return `${parts.join('; ')}.`;
}
