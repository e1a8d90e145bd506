import type { CSSProperties } from 'react';
import { hueOf, initials } from './identity';

export type AvatarProps = {
	name: string;
	/** What the colour is derived from; the name when absent. */
	seed?: string | undefined;
	/** Any CSS length; the row size when absent. */
	size?: string | undefined;
};

/** Initials on a colour that stays with the participant. The name stands beside it, so it is not read out. */
export function Avatar({ name, seed = name, size }: AvatarProps) {
	return (
		<span className="avatar" aria-hidden="true" style={hueStyle(seed, size)}>
			{initials(name)}
		</span>
	);
}

/** The variables that colour an avatar and the tile around it. */
export function hueStyle(seed: string, size?: string): CSSProperties {
	const style: Record<string, string> = { '--hue': String(hueOf(seed)) };
	if (size !== undefined) style['--avatar-size'] = size;
	return style;
}
