import type { Words } from '../words';

/** What a key does in a meeting. */
export type Command = 'microphone' | 'camera' | 'chat' | 'people' | 'share' | 'hand' | 'layout' | 'settings' | 'keys';

/** The keys of a meeting, as the help sheet shows them. */
export const SHORTCUTS: readonly Readonly<{ command: Command | 'talk'; keys: readonly string[] }>[] = [
	{ command: 'microphone', keys: ['M', 'Ctrl+D'] },
	{ command: 'talk', keys: [' '] },
	{ command: 'camera', keys: ['V', 'Ctrl+E'] },
	{ command: 'share', keys: ['S'] },
	{ command: 'hand', keys: ['H'] },
	{ command: 'chat', keys: ['C'] },
	{ command: 'people', keys: ['P'] },
	{ command: 'layout', keys: ['L'] },
	{ command: 'settings', keys: [','] },
	{ command: 'keys', keys: ['?'] },
];

/** Keys as the help sheet names them. */
export function keysInWords(t: Words, keys: readonly string[]): string {
	const nameOf = (key: string) => (key === ',' ? t('keys.comma') : key === ' ' ? t('keys.space') : key);
	const [one = '', other] = keys.map(nameOf);
	return other === undefined ? one : t('keys.or', { one, other });
}

/** The part of a keyboard event that decides. */
export type Key = Readonly<{ key: string; ctrlKey: boolean; metaKey: boolean; altKey: boolean; shiftKey: boolean; repeat: boolean }>;

/** The command of a key, or undefined. Single letters count only when the viewer is not typing. */
export function commandOf(key: Key, typing: boolean): Command | undefined {
	if (key.repeat || key.altKey) return undefined;
	if (key.key === '?' && !typing && !key.ctrlKey && !key.metaKey) return 'keys'; // with Shift on most keyboards
	if (key.shiftKey) return undefined;
	const letter = key.key.toLowerCase();
	if (key.ctrlKey || key.metaKey) return ({ d: 'microphone', e: 'camera' } as const)[letter as 'd' | 'e'];
	if (typing) return undefined;
	return ({ m: 'microphone', v: 'camera', s: 'share', h: 'hand', c: 'chat', p: 'people', l: 'layout', ',': 'settings' } as const)[letter as 'm'];
}

/** True when keys go into what has the focus: a field, or a list that has letters to search by. */
export function isTyping(target: EventTarget | null): boolean {
	return target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable=true], dialog, [role=menu]') !== null;
}

/** True when the space bar presses what has the focus. */
export function pressesSpace(target: EventTarget | null): boolean {
	return isTyping(target) || (target instanceof HTMLElement && target.closest('button, a, summary, [role=log]') !== null);
}
