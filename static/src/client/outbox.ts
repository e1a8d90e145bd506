import type { ClientMessage } from './protocol.gen';

/**
 * The queue of a line that is down, after one more message. What only tells
 * the newest state replaces the older word on the same thing, and an offer is
 * never kept: it belongs to the moment it was made in.
 */
export function enqueue(queue: readonly ClientMessage[], message: ClientMessage): readonly ClientMessage[] {
	switch (message.type) {
		case 'view':
		case 'seated':
		case 'record':
			return [...queue.filter(({ type }) => type !== message.type), message];
		case 'publish':
			return [...queue.filter((other) => other.type !== 'publish' || other.source !== message.source), message];
		case 'chat':
		case 'end':
			return [...queue, message];
		case 'join':
		case 'resume':
		case 'offer':
		case 'leave':
			return queue;
	}
}

/** True for a message that still makes sense in a new session: it speaks of the room, not of the old connection. */
export function survivesRejoin(message: ClientMessage): boolean {
	return message.type === 'chat' || message.type === 'record' || message.type === 'end';
}
