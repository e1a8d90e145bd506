import { sourceOf } from '../client';
import type { Corner, Layout, Participant, SelfView, TileSource } from '../client';
import { pageOf } from './arrange';
import { cornerOf, gridOf, mirrored, PAGER, spotlightOf, tilesPerPage } from './layout';
import type { Rect, Size } from './layout';

/** Names one tile: a participant's camera or screen. */
export type TileId = Readonly<{ participant: string; source: TileSource }>;

/** What decides about the stage beside who is there. */
export type StageOptions = Readonly<{
	layout: Layout;
	selfView: SelfView;
	corner: Corner;
	/** Stands large whoever speaks. */
	pinned: TileId | undefined;
	/** Who a host shows large to everybody, by participant id. */
	spotlit: readonly string[];
	/** Stands large in the speaker layout: who spoke last. */
	speaker: string | undefined;
	/** The page wanted, from 0. */
	page: number;
	/** The language is written from right to left. */
	backward: boolean;
}>;

/** One tile and where it stands. */
export type Placed = Readonly<{ participant: Participant; source: TileSource; rect: Rect; place: 'tile' | 'main' | 'corner' }>;

/** All tiles of the stage, and which page of how many they are. */
export type StagePlan = Readonly<{ placed: readonly Placed[]; page: number; pages: number }>;

type Tile = Readonly<{ participant: Participant; source: TileSource }>;

/** Decides who stands where: others in their order, the viewer, and every shared screen. Pure. */
export function planStage(others: readonly Participant[], self: Participant | undefined, size: Size, options: StageOptions): StagePlan {
	const mirror = (rects: readonly Rect[]) => (options.backward ? mirrored(rects, size) : rects);
	const screens = [...others, ...(self === undefined ? [] : [self])].filter((one) => sourceOf(one, 'screen') !== undefined).map((participant) => tile(participant, 'screen'));
	const faces = others.map((participant) => tile(participant, 'camera'));
	const alone = faces.length === 0;
	const selfView = alone && screens.length === 0 ? 'tile' : options.selfView;
	const own = self === undefined || selfView === 'hidden' ? [] : [tile(self, 'camera')];
	const mine = selfView === 'tile' ? own : [];
	const corner = selfView === 'corner' ? place(own, mirror([cornerOf(size, options.corner)]), 'corner') : [];
	const whole = [...screens, ...faces, ...mine];
	const mains = mainsOf(whole, others, size, options);
	if (mains.length > 0 && mains.length < whole.length) {
		const rest = whole.filter((one) => !mains.some((main) => same(one, main)));
		const full = spotlightOf(rest.length, size, mains.length);
		const { items, page, pages } = pageOf(rest, Math.max(1, full.strip.length), options.page);
		const spotlight = pages > 1 ? full : spotlightOf(items.length, size, mains.length); // with pages there is room for turning them
		return { placed: [...place(mains, mirror(shared(spotlight.main, mains.length)), 'main'), ...place(items, mirror(spotlight.strip), 'tile'), ...corner], page, pages };
	}
	const all = withOwn([...screens, ...faces], mine, tilesPerPage(screens.length + faces.length + mine.length, size));
	const { items, page, pages } = pageOf(all, tilesPerPage(all.length, size), options.page);
	const stage = pages > 1 ? { ...size, height: size.height - PAGER } : size;
	return { placed: [...place(items, mirror(gridOf(items.length, stage)), 'tile'), ...corner], page, pages };
}

/** The tiles that stand large: the viewer's pin, else whom a host shows to everybody, else what the layout says. */
function mainsOf(tiles: readonly Tile[], others: readonly Participant[], size: Size, { layout, pinned, spotlit, speaker }: StageOptions): readonly Tile[] {
	const chosen = tiles.find((one) => pinned?.participant === one.participant.id && pinned.source === one.source);
	if (tiles.length < 2) return [];
	if (chosen !== undefined) return [chosen];
	const shown = layout === 'grid' ? [] : tiles.filter((one) => one.source === 'screen' && others.includes(one.participant)).slice(0, 1);
	const lit = spotlit.flatMap((id) => tiles.find(({ participant, source }) => participant.id === id && source === 'camera') ?? []);
	if (lit.length > 0) return [...shown, ...lit];
	if (layout === 'grid' || shown.length > 0) return shown;
	if (layout === 'auto' && tilesPerPage(tiles.length, size) >= tiles.length) return [];
	const faces = tiles.filter((one) => one.source === 'camera' && others.includes(one.participant));
	return [faces.find((one) => one.participant.id === speaker) ?? faces[0]].filter((one) => one !== undefined);
}

/** Shares the large place among several. One has all of it. */
function shared(main: Rect, count: number): readonly Rect[] {
	return count === 1 ? [main] : gridOf(count, main).map((rect) => ({ ...rect, x: rect.x + main.x, y: rect.y + main.y }));
}

/** The viewer stands on the first page, last on it. */
function withOwn(tiles: readonly Tile[], own: readonly Tile[], perPage: number): readonly Tile[] {
	const at = Math.min(tiles.length, perPage - 1);
	return [...tiles.slice(0, at), ...own, ...tiles.slice(at)];
}

function tile(participant: Participant, source: TileSource): Tile {
	return { participant, source };
}

function same(a: Tile, b: Tile): boolean {
	return a.participant.id === b.participant.id && a.source === b.source;
}

function place(tiles: readonly Tile[], rects: readonly Rect[], as: Placed['place']): Placed[] {
	return tiles.flatMap((one, index) => {
		const rect = rects[index];
		return rect === undefined ? [] : [{ ...one, rect, place: as }];
	});
}
