import type { ReactNode } from 'react';

/** Where the bubble stands: above or below, centred or flush with an end. */
export type TooltipPlace = { side?: 'above' | 'below'; align?: 'centre' | 'start' | 'end' };

export type TooltipProps = TooltipPlace & { text: string; shortcut?: string | undefined; children: ReactNode };

/** Shows text beside its child on hover and keyboard focus. The child carries the accessible name itself. */
export function Tooltip({ text, shortcut, side = 'above', align = 'centre', children }: TooltipProps) {
	return (
		<span className="tooltip" data-side={side} data-align={align}>
			{children}
			<span className="bubble" aria-hidden="true">
				{text}
				{shortcut === undefined ? null : <kbd>{shortcut}</kbd>}
			</span>
		</span>
	);
}
