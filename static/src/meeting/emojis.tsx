import { SmilePlus } from 'lucide-react';
import { useMemo } from 'react';
import type { ReactNode } from 'react';
import type { Emoji } from '../client';
import { Menu } from '../design';
import type { MenuItem, MenuOpener } from '../design';
import { useWords } from '../words';
import type { Words } from '../words';

const NAMES = [
	['👍', 'reactions.thumbsUp'],
	['❤️', 'reactions.heart'],
	['👏', 'reactions.applause'],
	['😂', 'reactions.laughter'],
	['😮', 'reactions.surprise'],
	['🎉', 'reactions.party'],
	['🤔', 'reactions.thinking'],
	['👎', 'reactions.thumbsDown'],
] as const satisfies readonly (readonly [Emoji, string])[];

/** The emojis to react with. */
export const EMOJIS: readonly Emoji[] = NAMES.map(([emoji]) => emoji);

/** What an emoji is called. */
export function wordOf(t: Words, emoji: Emoji): string {
	const key = NAMES.find(([one]) => one === emoji)?.[1];
	return key === undefined ? emoji : t(key);
}

/** The icon of the button that opens the emojis. */
export const reactIcon = <SmilePlus size={24} />;

/** A small board of emojis that opens from a button. */
export function EmojiMenu({ onPick, opener }: { onPick: (emoji: Emoji) => void; opener: (props: MenuOpener) => ReactNode }) {
	const t = useWords();
	const items = useMemo(
		() => EMOJIS.map((emoji): MenuItem => ({ kind: 'action', label: wordOf(t, emoji), icon: <span className="emoji">{emoji}</span>, onPick: () => onPick(emoji) })),
		[t, onPick],
	);
	return <Menu label={t('reactions.title')} layout="icons" items={items} opener={opener} />;
}
