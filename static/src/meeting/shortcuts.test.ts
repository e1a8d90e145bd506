import { expect, it } from 'vitest';
import { commandOf } from './shortcuts';
import type { Key } from './shortcuts';

const press = (key: string, more: Partial<Key> = {}): Key => ({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, repeat: false, ...more });

it.each([
	[press('m'), false, 'microphone'],
	[press('M'), false, 'microphone'],
	[press('m'), true, undefined],
	[press('d', { ctrlKey: true }), true, 'microphone'],
	[press('e', { metaKey: true }), false, 'camera'],
	[press('c', { ctrlKey: true }), false, undefined],
	[press('m', { repeat: true }), false, undefined],
	[press('m', { altKey: true }), false, undefined],
	[press('Enter'), false, undefined],
	[press(','), false, 'settings'],
])('%j while typing %s is %s', (key, typing, want) => {
	expect(commandOf(key, typing)).toBe(want);
});
