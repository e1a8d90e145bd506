/** A colour of the OKLCH space: lightness 0 to 1, chroma, hue in degrees, and how opaque it is. */
export type Oklch = Readonly<{ l: number; c: number; h: number; alpha: number }>;

/** The colours of tokens.css by name, light and dark; a hue that depends on the participant is given. */
export function parseTokens(css: string, hue: number): Map<string, Readonly<{ light: Oklch; dark: Oklch }>> {
	const tokens = new Map<string, Readonly<{ light: Oklch; dark: Oklch }>>();
	for (const [, name, value] of css.matchAll(/(--[\w-]+):\s*((?:light-dark|oklch)\([^;]*);/g)) {
		if (name === undefined || value === undefined) continue;
		const text = value.replaceAll(/var\(--hue,\s*\d+\)/g, String(hue));
		const colours = [...text.matchAll(/oklch\(([\d.]+) ([\d.]+) ([\d.]+)(?: \/ ([\d.]+))?\)/g)].map(
			([, l, c, h, alpha]): Oklch => ({ l: Number(l), c: Number(c), h: Number(h), alpha: alpha === undefined ? 1 : Number(alpha) }),
		);
		const [light, dark = light] = colours;
		if (light !== undefined && dark !== undefined) tokens.set(name, { light, dark });
	}
	return tokens;
}

/** The contrast ratio of WCAG 2.2 between two opaque colours, 1 to 21. */
export function contrast(a: Oklch, b: Oklch): number {
	const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
	return (high + 0.05) / (low + 0.05);
}

/** Relative luminance, by way of linear sRGB clamped to its gamut (Ottosson's OKLab matrices). */
function luminance({ l, c, h }: Oklch): number {
	const a = c * Math.cos((h * Math.PI) / 180);
	const b = c * Math.sin((h * Math.PI) / 180);
	const x = (l + 0.3963377774 * a + 0.2158037573 * b) ** 3;
	const y = (l - 0.1055613458 * a - 0.0638541728 * b) ** 3;
	const z = (l - 0.0894841775 * a - 1.291485548 * b) ** 3;
	const clamp = (value: number) => Math.min(Math.max(value, 0), 1);
	return (
		0.2126 * clamp(4.0767416621 * x - 3.3077115913 * y + 0.2309699292 * z) +
		0.7152 * clamp(-1.2684380046 * x + 2.6097574011 * y - 0.3413193965 * z) +
		0.0722 * clamp(-0.0041960863 * x - 0.7034186147 * y + 1.707614701 * z)
	);
}
