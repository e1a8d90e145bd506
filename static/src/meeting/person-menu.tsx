import { Activity, Ellipsis, MessageSquareLock, Pin, PinOff, Spotlight } from 'lucide-react';
import { useMemo } from 'react';
import { CORNERS, mayJoinIn, mayPublish, SELF_VIEWS } from '../client';
import type { Corner, Participant, RoomState, SelfView, TileSource } from '../client';
import { IconButton, Menu } from '../design';
import type { MenuItem } from '../design';
import { useWords } from '../words';
import type { Words } from '../words';
import { hostItems } from './host';
import type { Act } from './host';
import type { TileId } from './tiles';

/** What a viewer can choose about a participant's tile. */
export type Choices = Readonly<{
	/** Makes a tile large, or none. */
	pin: (tile: TileId | undefined) => void;
	/** Shows how well a participant comes in. */
	details: (participant: string) => void;
	selfView: SelfView;
	corner: Corner;
	setSelfView: (view: SelfView) => void;
	setCorner: (corner: Corner) => void;
	/** What a host can do to the others; undefined for guests. */
	act: Act | undefined;
	/** Shows a participant large to everybody, or no longer; undefined for guests. */
	spotlight: ((participant: string, on: boolean) => void) | undefined;
	/** Begins to write to one participant alone; undefined for who may not chat. */
	write: ((participant: Readonly<{ id: string; name: string }>) => void) | undefined;
	room: Pick<RoomState, 'audience_may' | 'recording_policy'>;
}>;

export type PersonMenuProps = Readonly<{
	participant: Participant;
	source?: TileSource;
	isSelf: boolean;
	pinned: boolean;
	choices: Choices;
	tone?: 'plain' | 'scrim';
}>;

/** The button that opens what can be done with a participant or their tile. */
export function PersonMenu({ participant, source = 'camera', isSelf, pinned, choices, tone = 'plain' }: PersonMenuProps) {
	const t = useWords();
	const items = useMemo((): MenuItem[] => {
		const { id, name } = participant;
		const pin = { kind: 'action', label: pinned ? t('tile.unpin') : t('tile.pin'), icon: pinned ? <PinOff size={20} aria-hidden="true" /> : <Pin size={20} aria-hidden="true" />, onPick: () => choices.pin(pinned ? undefined : { participant: id, source }) } as const;
		const lit = spotlightItems(t, participant, choices);
		if (isSelf) return [{ kind: 'heading', label: t('app.you', { name }) }, pin, ...lit, ...(source === 'camera' ? selfItems(t, choices) : [])];
		const details = { kind: 'action', label: t('tile.details'), icon: <Activity size={20} aria-hidden="true" />, onPick: () => choices.details(id) } as const;
		const { write } = choices;
		const reads = mayJoinIn({ role: participant.role, room: choices.room }, 'chat');
		const letter = write !== undefined && reads ? [{ kind: 'action', label: t('chat.write'), icon: <MessageSquareLock size={20} aria-hidden="true" />, onPick: () => write({ id, name }) } as const] : [];
		return [{ kind: 'heading', label: name }, pin, ...lit, ...letter, details, ...(choices.act === undefined ? [] : [{ kind: 'line' } as const, ...hostItems(t, participant, choices.act)])];
	}, [t, participant, source, isSelf, pinned, choices]);
	const label = isSelf ? t('tile.optionsYou') : t(choices.act === undefined ? 'tile.options' : 'host.manage', { name: participant.name });
	return <Menu label={label} items={items} opener={(props) => <IconButton {...props} label={label} icon={<Ellipsis size={20} />} tone={tone} tip="none" className="host-menu" />} />;
}

/** What a host can do about everybody's view of a participant. */
function spotlightItems(t: Words, participant: Participant, { spotlight }: Choices): MenuItem[] {
	if (spotlight === undefined || !mayPublish(participant)) return [];
	const on = participant.spotlight === undefined;
	return [{ kind: 'action', label: t(on ? 'host.spotlight' : 'host.unspotlight'), icon: <Spotlight size={20} aria-hidden="true" />, onPick: () => spotlight(participant.id, on) }];
}

/** Where the viewer's own picture stands. */
export function selfItems(t: Words, { selfView, corner, setSelfView, setCorner }: Pick<Choices, 'selfView' | 'corner' | 'setSelfView' | 'setCorner'>): MenuItem[] {
	return [
		{ kind: 'line' },
		{ kind: 'heading', label: t('self.title') },
		...SELF_VIEWS.map((view): MenuItem => ({ kind: 'choice', label: t(`self.${view}`), chosen: view === selfView, onPick: () => setSelfView(view) })),
		...(selfView === 'corner'
			? [
					{ kind: 'line' } as const,
					...CORNERS.map((one): MenuItem => ({ kind: 'choice', label: t(`corner.${onScreen(one, t.dir)}`), chosen: one === corner, onPick: () => setCorner(one) })),
				]
			: []),
	];
}

/** A corner by left and right, as people name it. */
function onScreen(corner: Corner, dir: 'ltr' | 'rtl'): 'top-left' | 'top-right' | 'bottom-left' | 'bottom-right' {
	const [side, end] = corner.split('-');
	return `${side === 'top' ? 'top' : 'bottom'}-${(end === 'end') === (dir === 'ltr') ? 'right' : 'left'}`;
}

