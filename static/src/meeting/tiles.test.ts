import { describe, expect, it } from 'vitest';
import type { Participant } from '../client';
import { planStage } from './tiles';
import type { StageOptions } from './tiles';

const person = (id: string, screen = false): Participant => ({
	id, number: 1, name: id, role: 'speaker', connected: true, joined_at: '',
	sources: [{ source: 'camera', muted: false }, ...(screen ? [{ source: 'screen', muted: false } as const] : [])],
});
const crowd = (count: number) => Array.from({ length: count }, (_, index) => person(`p${index + 1}`));
const desktop = { width: 1408, height: 760 };
const base: StageOptions = { layout: 'auto', selfView: 'tile', corner: 'bottom-end', pinned: undefined, spotlit: [], speaker: undefined, page: 0, backward: false };
const plan = (others: readonly Participant[], more: Partial<StageOptions> = {}, self = person('me'), size = desktop) => planStage(others, self, size, { ...base, ...more });
const names = (others: readonly Participant[], more: Partial<StageOptions> = {}, self = person('me')) =>
	plan(others, more, self).placed.map(({ participant, source, place }) => `${place} ${participant.id}${source === 'screen' ? ' screen' : ''}`);

describe('planStage', () => {
	it.each<[string, Participant[], Partial<StageOptions>, string[]]>([
		['one alone', [], {}, ['tile me']],
		['one alone who hides themselves is seen all the same', [], { selfView: 'hidden' }, ['tile me']],
		['two', crowd(1), {}, ['tile p1', 'tile me']],
		['a shared screen large', [person('p1', true), person('p2')], {}, ['main p1 screen', 'tile p1', 'tile p2', 'tile me']],
		['a shared screen in a grid', [person('p1', true)], { layout: 'grid' }, ['tile p1 screen', 'tile p1', 'tile me']],
		['the speaker large', crowd(3), { layout: 'speaker', speaker: 'p2' }, ['main p2', 'tile p1', 'tile p3', 'tile me']],
		['the first while nobody spoke', crowd(2), { layout: 'speaker' }, ['main p1', 'tile p2', 'tile me']],
		['a pin over speaker and screen', [person('p1', true), person('p2')], { pinned: { participant: 'p2', source: 'camera' }, speaker: 'p1' }, ['main p2', 'tile p1 screen', 'tile p1', 'tile me']],
		['the spotlight over the speaker', crowd(3), { layout: 'speaker', speaker: 'p2', spotlit: ['p3'] }, ['main p3', 'tile p1', 'tile p2', 'tile me']],
		['the spotlight in a grid', crowd(2), { layout: 'grid', spotlit: ['p2'] }, ['main p2', 'tile p1', 'tile me']],
		['several in the spotlight, in their order', crowd(4), { spotlit: ['p3', 'p1'] }, ['main p3', 'main p1', 'tile p2', 'tile p4', 'tile me']],
		['the spotlight beside a shared screen', [person('p1', true), person('p2')], { spotlit: ['p2'] }, ['main p1 screen', 'main p2', 'tile p1', 'tile me']],
		['a pin over the spotlight', crowd(3), { spotlit: ['p2'], pinned: { participant: 'p1', source: 'camera' } }, ['main p1', 'tile p2', 'tile p3', 'tile me']],
		['oneself in the spotlight', crowd(2), { spotlit: ['me'] }, ['main me', 'tile p1', 'tile p2']],
		['everybody in the spotlight', crowd(1), { spotlit: ['p1', 'me'] }, ['tile p1', 'tile me']],
		['who has left the spotlight with the room', crowd(2), { spotlit: ['gone'] }, ['tile p1', 'tile p2', 'tile me']],
		['a pin in a grid', crowd(2), { layout: 'grid', pinned: { participant: 'p2', source: 'camera' } }, ['main p2', 'tile p1', 'tile me']],
		['a pin of who left', crowd(2), { pinned: { participant: 'gone', source: 'camera' } }, ['tile p1', 'tile p2', 'tile me']],
		['oneself in a corner', crowd(2), { selfView: 'corner' }, ['tile p1', 'tile p2', 'corner me']],
		['oneself hidden', crowd(2), { selfView: 'hidden' }, ['tile p1', 'tile p2']],
	])('shows %s', (_, others, more, want) => {
		expect(names(others, more)).toEqual(want);
	});

	it('shows the own screen as a tile, never large by itself', () => {
		expect(names(crowd(1), {}, person('me', true))).toEqual(['tile me screen', 'tile p1', 'tile me']);
		expect(names([], {}, person('me', true))).toEqual(['tile me screen', 'tile me']);
	});

	it('lays a crowd out around the speaker, and in pages when a grid is wanted', () => {
		const many = plan(crowd(60), { speaker: 'p7' });
		expect(many.placed[0]).toMatchObject({ place: 'main', participant: { id: 'p7' } });
		expect(many.pages).toBeGreaterThan(1);
		const grid = plan(crowd(60), { layout: 'grid' });
		expect(grid.placed.every(({ place }) => place === 'tile')).toBe(true);
		expect(grid.placed).toHaveLength(25);
		expect(grid.placed.at(-1)?.participant.id).toBe('me');
		const last = plan(crowd(60), { layout: 'grid', page: 99 });
		expect([last.page, last.pages]).toEqual([2, 3]);
	});

	it('starts at the right where one reads from there', () => {
		const [first, second] = plan(crowd(1), { backward: true }).placed;
		expect(first?.rect.x).toBeGreaterThan(second?.rect.x ?? Infinity);
	});

	it('shows nobody twice', () => {
		const keys = names([person('p1', true), ...crowd(30).slice(1)], { layout: 'speaker', speaker: 'p1' });
		expect(new Set(keys.map((key) => key.replace(/^\w+ /, ''))).size).toBe(keys.length);
	});
	it('gives several in the spotlight more of a phone than one', () => {
		const phone = { width: 374, height: 700 };
		const large = (spotlit: readonly string[]) => plan(crowd(5), { spotlit }, person('me'), phone).placed.filter(({ place }) => place === 'main').map(({ rect }) => rect);
		const [one] = large(['p1']);
		const [a, b] = large(['p1', 'p2']);
		expect(one?.width).toBe(374);
		expect(a?.width).toBeGreaterThan(300);
		expect(b?.y).toBeGreaterThanOrEqual((a?.y ?? 0) + (a?.height ?? 0));
	});
});
