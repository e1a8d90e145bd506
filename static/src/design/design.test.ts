import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { contrast, parseTokens } from './contrast';
import { hueOf, initials } from './identity';

const source = join(import.meta.dirname, '..');
const css = readFileSync(join(import.meta.dirname, 'tokens.css'), 'utf8');

const grounds = ['--bg', '--surface', '--surface-raised', '--hover'];

/** Text on its ground: 4.5 to 1. */
const text: [string, string][] = [
	...grounds.flatMap((ground): [string, string][] => [
		['--text', ground],
		['--text-quiet', ground],
	]),
	...['--bg', '--surface', '--surface-raised'].flatMap((ground): [string, string][] => [
		['--accent', ground],
		['--danger', ground],
	]),
	['--accent-text', '--accent'],
	['--accent-text', '--accent-hover'],
	['--danger-text', '--danger-fill'],
	['--danger-text', '--danger-hover'],
	['--danger', '--danger-soft'],
	['--text', '--accent-soft'],
	['--text', '--danger-soft'],
	['--avatar-text', '--avatar'],
	['--scrim-text', '--screen'],
	['--bg', '--text'],
];

/** Icons, rings and edges of controls on their ground: 3 to 1. */
const shapes: [string, string][] = [
	...['--bg', '--surface', '--surface-raised'].flatMap((ground): [string, string][] => [
		['--speaking', ground],
		['--good', ground],
		['--warning', ground],
		['--line-strong', ground],
	]),
	['--accent', '--accent-soft'],
	['--danger-fill', '--surface'],
];

describe('colours', () => {
	for (const hue of [15, 105, 195, 285]) {
		const tokens = parseTokens(css, hue);
		const ratio = (front: string, back: string, theme: 'light' | 'dark') => {
			const [a, b] = [tokens.get(front), tokens.get(back)];
			if (a === undefined || b === undefined) throw new Error(`no token ${front} or ${back}`);
			return contrast(a[theme], b[theme]);
		};
		for (const theme of ['light', 'dark'] as const) {
			it.each(text)(`${theme}, hue ${hue}: %s reads on %s`, (front, back) => {
				expect(ratio(front, back, theme)).toBeGreaterThanOrEqual(4.5);
			});
			it.each(shapes)(`${theme}, hue ${hue}: %s stands out from %s`, (front, back) => {
				expect(ratio(front, back, theme)).toBeGreaterThanOrEqual(3);
			});
		}
	}

	it('measures black on white as 21', () => {
		const [white, black] = [1, 0].map((l) => ({ l, c: 0, h: 0, alpha: 1 }));
		if (white === undefined || black === undefined) throw new Error('two colours');
		expect(contrast(white, black)).toBeCloseTo(21, 1);
	});
});

describe('stylesheets', () => {
	const sheets = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.css') && !file.endsWith('tokens.css'));
	it.each(sheets)('%s takes its colours and durations from the tokens', (file) => {
		const rules = readFileSync(join(source, file), 'utf8').replaceAll(/\/\*[^]*?\*\//g, '');
		expect(rules.match(/#[0-9a-f]{3,8}\b(?=[^{]*;)|\b(?:rgba?|hsla?|oklch|oklab)\(|\b[\d.]+m?s\b/gi) ?? []).toEqual([]);
	});
});

describe('initials', () => {
	it.each([
		['Ann', 'A'],
		['ann marie lee', 'AL'],
		['  Bo  ', 'B'],
		['(Zoë) Ö', 'ZÖ'],
		['', '?'],
		['𝒜lice', '𝒜'],
		['🙂', '🙂'],
	])('of %j are %j', (name, want) => {
		expect(initials(name)).toBe(want);
	});
});

describe('hue', () => {
	it('is stable and spread', () => {
		expect(hueOf('p1')).toBe(hueOf('p1'));
		expect(new Set(['p1', 'p2', 'p3', 'p4', 'p5'].map(hueOf)).size).toBeGreaterThan(3);
	});
});
