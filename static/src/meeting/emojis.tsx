import { SmilePlus } from 'lucide-react';
import { useMemo } from 'react';
import type { ReactNode } from 'react';
import type { Emoji } from '../client';
import { Menu } from '../design';
import type { MenuItem, MenuOpener } from '../design';

/** The emojis to react with, and what they are called. */
export const EMOJIS: readonly (readonly [Emoji, string])[] = [
	['👍', 'Thumbs up'],
	['❤️', 'Heart'],
	['👏', 'Applause'],
	['😂', 'Laughter'],
	['😮', 'Surprise'],
	['🎉', 'Party'],
	['🤔', 'Thinking'],
	['👎', 'Thumbs down'],
];

/** What an emoji is called. */
export function wordOf(emoji: Emoji): string {
	return EMOJIS.find(([one]) => one === emoji)?.[1] ?? emoji;
}

/** The icon of the button that opens the emojis. */
export const reactIcon = <SmilePlus size={24} />;

/** A small board of emojis that opens from a button. */
export function EmojiMenu({ onPick, opener }: { onPick: (emoji: Emoji) => void; opener: (props: MenuOpener) => ReactNode }) {
	const items = useMemo(
		() => EMOJIS.map(([emoji, word]): MenuItem => ({ kind: 'action', label: word, icon: <span className="emoji">{emoji}</span>, onPick: () => onPick(emoji) })),
		[onPick],
	);
	return <Menu label="Reactions" layout="icons" items={items} opener={opener} />;
}
