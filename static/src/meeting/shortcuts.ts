import type { Words } from '../words';

/** What a key does in a meeting. */
export type Command = 'microphone' | 'camera' | 'chat' | 'people' | 'share' | 'hand' | 'settings';

/** The keys of a meeting, as shown in the settings. */
export const SHORTCUTS: readonly Readonly<{ command: Command; keys: readonly string[] }>[] = [
	{ command: 'microphone', keys: ['M', 'Ctrl+D'] },
	{ command: 'camera', keys: ['V', 'Ctrl+E'] },
	{ command: 'share', keys: ['S'] },
	{ command: 'hand', keys: ['H'] },
	{ command: 'chat', keys: ['C'] },
	{ command: 'people', keys: ['P'] },
	{ command: 'settings', keys: [','] },
];

/** Keys as the help sheet names them. */
export function keysInWords(t: Words, keys: readonly string[]): string {
	const [one = '', other] = keys.map((key) => (key === ',' ? t('keys.comma') : key));
	return other === undefined ? one : t('keys.or', { one, other });
}

/** The part of a keyboard event that decides. */
export type Key = Readonly<{ key: string; ctrlKey: boolean; metaKey: boolean; altKey: boolean; shiftKey: boolean; repeat: boolean }>;

/** The command of a key, or undefined. Single letters count only when the viewer is not typing. */
export function commandOf(key: Key, typing: boolean): Command | undefined {
	if (key.repeat || key.altKey || key.shiftKey) return undefined;
	const letter = key.key.toLowerCase();
	if (key.ctrlKey || key.metaKey) return ({ d: 'microphone', e: 'camera' } as const)[letter as 'd' | 'e'];
	if (typing) return undefined;
	return ({ m: 'microphone', v: 'camera', s: 'share', h: 'hand', c: 'chat', p: 'people', ',': 'settings' } as const)[letter as 'm'];
}

/** True when keys go into what has the focus: a field, or a list that has letters to search by. */
export function isTyping(target: EventTarget | null): boolean {
	return target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable=true], dialog, [role=menu]') !== null;
}
