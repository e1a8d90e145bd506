import { Check } from 'lucide-react';
import { useId, useLayoutEffect, useRef, useState } from 'react';
import type { KeyboardEvent, ReactNode, RefObject, ToggleEvent } from 'react';

export type MenuItem = Readonly<
	| { kind: 'action'; label: string; icon?: ReactNode; tone?: 'danger'; onPick: () => void }
	| { kind: 'choice'; label: string; chosen: boolean; onPick: () => void }
	| { kind: 'heading'; label: string }
	| { kind: 'line' }
>;

/** What the opener must spread on its button. */
export type MenuOpener = {
	ref: RefObject<HTMLButtonElement | null>;
	popoverTarget: string;
	'aria-haspopup': 'menu';
	'aria-expanded': boolean;
};

export type MenuProps = {
	label: string;
	items: readonly MenuItem[];
	/** Draws the button that opens the menu. */
	opener: (props: MenuOpener) => ReactNode;
	/** "icons" is a board of icons whose labels are read out only. */
	layout?: 'rows' | 'icons';
	/** Called when the menu opens, for instance to look for devices again. */
	onOpen?: () => void;
};

/** A list of actions and choices in a native popover, placed beside its opener and driven by arrow keys. */
export function Menu({ label, items, opener, layout = 'rows', onOpen }: MenuProps) {
	const id = useId();
	const button = useRef<HTMLButtonElement>(null);
	const menu = useRef<HTMLDivElement>(null);
	const [open, setOpen] = useState(false);
	const toggled = (event: ToggleEvent<HTMLDivElement>) => {
		const opened = event.newState === 'open';
		setOpen(opened);
		if (opened) onOpen?.();
	};
	// Its size is known once its rows are there, and changes with them.
	useLayoutEffect(() => {
		if (open && menu.current !== null && button.current !== null) place(menu.current, button.current);
	}, [open, items]);
	useLayoutEffect(() => {
		if (open && menu.current !== null) move(menu.current, 0);
	}, [open]);
	const pick = (item: { onPick: () => void }) => {
		menu.current?.hidePopover();
		item.onPick();
	};
	return (
		<>
			{opener({ ref: button, popoverTarget: id, 'aria-haspopup': 'menu', 'aria-expanded': open })}
			<div ref={menu} id={id} className="menu" data-layout={layout} popover="auto" role="menu" aria-label={label} onToggle={toggled} onKeyDown={steer}>
				{open ? items.map((item, index) => <Row key={index} item={item} bare={layout === 'icons'} onPick={pick} />) : null}
			</div>
		</>
	);
}

function Row({ item, bare, onPick }: { item: MenuItem; bare: boolean; onPick: (item: { onPick: () => void }) => void }) {
	switch (item.kind) {
		case 'line':
			return <hr />;
		case 'heading':
			return (
				<p className="menu-heading" role="presentation">
					{item.label}
				</p>
			);
		case 'choice':
			return (
				<button type="button" role="menuitemradio" aria-checked={item.chosen} className="menu-item" onClick={() => onPick(item)}>
					<span className="truncate">{item.label}</span>
					{item.chosen ? <Check size={16} aria-hidden="true" /> : null}
				</button>
			);
		case 'action':
			return (
				<button type="button" role="menuitem" className="menu-item" data-tone={item.tone} onClick={() => onPick(item)}>
					{item.icon}
					<span className={bare ? 'unseen' : undefined}>{item.label}</span>
				</button>
			);
	}
}

/** Puts the menu above its opener, or below when there is more room, and inside the window. */
function place(menu: HTMLElement, button: HTMLElement): void {
	const gap = 8;
	const anchor = button.getBoundingClientRect();
	const { width, height } = menu.getBoundingClientRect();
	const above = anchor.top - gap - height;
	const top = above >= gap ? above : Math.min(anchor.bottom + gap, innerHeight - height - gap);
	const left = Math.min(Math.max(anchor.left + anchor.width / 2 - width / 2, gap), innerWidth - width - gap);
	menu.style.top = `${Math.max(top, gap)}px`;
	menu.style.left = `${left}px`;
}

function steer(event: KeyboardEvent<HTMLDivElement>): void {
	const items = rows(event.currentTarget);
	const at = items.findIndex((item) => item === document.activeElement);
	const board = event.currentTarget.dataset['layout'] === 'icons' ? { ArrowRight: at + 1, ArrowLeft: at - 1 } : {};
	const to = ({ ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1, ...board } as Readonly<Record<string, number>>)[event.key];
	if (to === undefined) return;
	event.preventDefault();
	move(event.currentTarget, to);
}

function move(menu: HTMLElement, to: number): void {
	const items = rows(menu);
	items[(to + items.length) % items.length]?.focus();
}

function rows(menu: HTMLElement): HTMLElement[] {
	return [...menu.querySelectorAll<HTMLElement>('[role^=menuitem]')];
}
