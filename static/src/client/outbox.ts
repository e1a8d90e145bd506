import type { ClientMessage } from './protocol.gen';

/**
 * The queue of a line that is down, after one more message. What only tells
 * the newest state replaces the older word on the same thing, and offers and
 * reactions are never kept: they belong to the moment they were made in.
 */
export function enqueue(queue: readonly ClientMessage[], message: ClientMessage): readonly ClientMessage[] {
	switch (message.type) {
		case 'view':
		case 'seated':
		case 'record':
		case 'hand':
		case 'lock':
		case 'lobby':
		case 'extend':
		case 'consent':
			return [...queue.filter(({ type }) => type !== message.type), message];
		case 'publish':
			return [...queue.filter((other) => other.type !== 'publish' || other.source !== message.source), message];
		case 'chat':
		case 'end':
		case 'moderate':
		case 'spotlight':
			return [...queue, message];
		case 'join':
		case 'resume':
		case 'offer':
		case 'reaction':
		case 'leave':
			return queue;
	}
}

/** True for a message that still makes sense in a new session: it speaks of the room, not of the old connection. */
export function survivesRejoin(message: ClientMessage): boolean {
	if (message.type === 'chat' && message.to !== undefined) return false; // the id may be somebody else's by then
	return ['chat', 'record', 'consent', 'end', 'hand', 'lock', 'lobby'].includes(message.type);
}
