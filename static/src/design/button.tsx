import type { ComponentPropsWithRef, ReactNode } from 'react';
import { Tooltip } from './tooltip';
import type { TooltipPlace } from './tooltip';

/** What a button is for: the one filled button of a view, a choice beside it, a link-like one, or one that ends something. */
export type ButtonKind = 'filled' | 'outlined' | 'plain' | 'danger';

export type ButtonProps = ComponentPropsWithRef<'button'> & {
	kind?: ButtonKind;
	size?: 'medium' | 'large';
	icon?: ReactNode;
};

/** A button with words, and an icon before them if it helps. */
export function Button({ kind = 'outlined', size = 'medium', icon, children, className = '', ...rest }: ButtonProps) {
	return (
		<button type="button" {...rest} className={`button ${className}`.trimEnd()} data-kind={kind} data-size={size}>
			{icon}
			{children}
		</button>
	);
}

export type IconButtonProps = Omit<ComponentPropsWithRef<'button'>, 'aria-label' | 'children'> & {
	/** The accessible name, and the words of the tooltip. */
	label: string;
	icon: ReactNode;
	/** "off" is a device that is off, "on" a panel or device that is on, "scrim" a button that lies on a picture. */
	tone?: 'plain' | 'raised' | 'off' | 'on' | 'danger' | 'scrim';
	size?: 'medium' | 'large';
	/** Shown after the words of the tooltip, for instance "M". */
	shortcut?: string;
	tip?: TooltipPlace | 'none';
};

/** A round button that is only an icon; its name is read out and shown on hover and focus. */
export function IconButton({ label, icon, tone = 'plain', size = 'medium', shortcut, tip, className = '', ...rest }: IconButtonProps) {
	const button = (
		<button type="button" {...rest} aria-label={label} className={`icon-button ${className}`.trimEnd()} data-tone={tone} data-size={size}>
			{icon}
		</button>
	);
	if (tip === 'none') return button;
	return (
		<Tooltip text={label} shortcut={shortcut} {...tip}>
			{button}
		</Tooltip>
	);
}
