/** What a key does in a meeting. */
export type Command = 'microphone' | 'camera' | 'chat' | 'people' | 'share' | 'hand' | 'settings';

/** The keys of a meeting, as shown in the settings. */
export const SHORTCUTS: readonly Readonly<{ command: Command; keys: string; words: string }>[] = [
	{ command: 'microphone', keys: 'M or Ctrl+D', words: 'Mute or unmute the microphone' },
	{ command: 'camera', keys: 'V or Ctrl+E', words: 'Turn the camera on or off' },
	{ command: 'share', keys: 'S', words: 'Share a screen, or stop' },
	{ command: 'hand', keys: 'H', words: 'Raise or lower your hand' },
	{ command: 'chat', keys: 'C', words: 'Open or close the chat' },
	{ command: 'people', keys: 'P', words: 'Open or close the participants' },
	{ command: 'settings', keys: 'Comma', words: 'Open the settings' },
];

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
