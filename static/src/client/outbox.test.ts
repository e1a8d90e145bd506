import { describe, expect, it } from 'vitest';
import { enqueue, survivesRejoin } from './outbox';
import type { ClientMessage } from './protocol.gen';

const after = (...messages: ClientMessage[]) => messages.reduce<readonly ClientMessage[]>(enqueue, []);

describe('enqueue', () => {
	it.each<[string, ClientMessage[], ClientMessage[]]>([
		['the newest word on the hand', [{ type: 'hand', up: true }, { type: 'hand', up: false }], [{ type: 'hand', up: false }]],
		['one extension, however often it was asked for', [{ type: 'extend', minutes: 15 }, { type: 'extend', minutes: 15 }], [{ type: 'extend', minutes: 15 }]],
		['no reaction', [{ type: 'reaction', emoji: '👍' }], []],
		[
			'every act of a host',
			[{ type: 'moderate', action: 'mute', participant: 'p1' }, { type: 'moderate', action: 'mute', participant: 'p2' }],
			[{ type: 'moderate', action: 'mute', participant: 'p1' }, { type: 'moderate', action: 'mute', participant: 'p2' }],
		],
		[
			'the newest word on each source',
			[{ type: 'publish', source: 'camera', on: true, muted: false }, { type: 'publish', source: 'microphone', on: true, muted: true }, { type: 'publish', source: 'camera', on: false, muted: false }],
			[{ type: 'publish', source: 'microphone', on: true, muted: true }, { type: 'publish', source: 'camera', on: false, muted: false }],
		],
	])('keeps %s', (_, messages, want) => {
		expect(after(...messages)).toEqual(want);
	});
});

describe('survivesRejoin', () => {
	it.each<[ClientMessage, boolean]>([
		[{ type: 'hand', up: true }, true],
		[{ type: 'lock', on: true }, true],
		[{ type: 'chat', text: 'hi' }, true],
		[{ type: 'chat', text: 'hi', to: 'p2' }, false], // not to whoever is p2 by then
		[{ type: 'spotlight', participant: 'p2', on: true }, false],
		[{ type: 'moderate', action: 'remove', participant: 'p2' }, false], // ids may belong to another life of the room
		[{ type: 'extend', minutes: 60 }, false],
		[{ type: 'view', tiles: [] }, false],
	])('%j: %s', (message, want) => {
		expect(survivesRejoin(message)).toBe(want);
	});
});
