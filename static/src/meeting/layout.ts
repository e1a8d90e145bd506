import type { Corner } from '../client';

/** The size of something on screen, in CSS pixels. */
export type Size = Readonly<{ width: number; height: number }>;

/** Where a tile stands on the stage, in CSS pixels. */
export type Rect = Readonly<{ x: number; y: number; width: number; height: number }>;

/** How wide for its height a tile may be, from the tallest to the widest shape. */
export type Shapes = Readonly<{ min: number; max: number }>;

/** The gap between tiles. */
export const GAP = 8;

/** The most tiles of a page: more faces than that nobody can follow. */
export const MOST_TILES = 25;

/** The room that turning pages takes at the bottom. */
export const PAGER = 60;

const WIDE = 16 / 9;

/** Tiles are 16:9; on a stage that is taller than wide they may be as tall as a portrait, to fill it. */
export function shapesFor(stage: Size): Shapes {
	return { min: stage.height > stage.width ? 3 / 4 : WIDE, max: WIDE };
}

/** The smallest tile worth a place, by the width of the stage. */
export function leastWidth(stage: Size): number {
	return stage.width < 600 ? 140 : 200;
}

/** Places count tiles of one size on the stage, as large as they can be; a last row that is not full is centred. */
export function gridOf(count: number, stage: Size, shapes: Shapes = shapesFor(stage)): Rect[] {
	if (count < 1 || stage.width <= 0 || stage.height <= 0) return [];
	const { columns, tile } = bestGrid(count, stage, shapes);
	const rows = Math.ceil(count / columns);
	const top = (stage.height - rows * tile.height - (rows - 1) * GAP) / 2;
	return Array.from({ length: count }, (_, index) => {
		const row = Math.floor(index / columns);
		const inRow = row === rows - 1 ? count - row * columns : columns;
		const left = (stage.width - inRow * tile.width - (inRow - 1) * GAP) / 2;
		return { x: left + (index % columns) * (tile.width + GAP), y: top + row * (tile.height + GAP), ...tile };
	});
}

/** How many of count tiles fit on one page without becoming too small. */
export function tilesPerPage(count: number, stage: Size, least: number = leastWidth(stage)): number {
	const most = Math.min(Math.max(1, count), MOST_TILES);
	for (let size = most; size > 1; size--) {
		if (bestGrid(size, stage, shapesFor(stage)).tile.width >= least) return size;
	}
	return 1;
}

/** A stage with one large tile and a strip of small ones, of which some fit. */
export type Spotlight = Readonly<{ main: Rect; strip: readonly Rect[] }>;

/** Places what stands large, with up to count tiles beside it, or below it on a stage that is taller than wide. There, two or more that are large get more of its height. */
export function spotlightOf(count: number, stage: Size, mains = 1): Spotlight {
	const whole = { x: 0, y: 0, ...stage };
	if (count < 1 || stage.width <= 0 || stage.height <= 0) return { main: whole, strip: [] };
	if (stage.height > stage.width) return stackOf(count, stage, mains);
	const widest = Math.min(280, stage.width * 0.2);
	const allFit = ((stage.height - (count - 1) * GAP) / count) * WIDE;
	const width = Math.min(widest, Math.max(160, allFit));
	const height = width / WIDE;
	const room = allFit < width ? stage.height - PAGER : stage.height;
	const fits = Math.min(count, Math.max(1, Math.floor((room + GAP) / (height + GAP))));
	const top = (room - fits * height - (fits - 1) * GAP) / 2;
	const strip = Array.from({ length: fits }, (_, index) => ({ x: stage.width - width, y: top + index * (height + GAP), width, height }));
	return { main: { ...whole, width: stage.width - width - GAP }, strip };
}

/** What is large across the top, and a grid of faces in what it leaves. */
function stackOf(count: number, stage: Size, mains: number): Spotlight {
	const height = Math.min(stage.height * 0.6, stage.width * 0.65 * Math.min(2, mains));
	const top = height + GAP;
	const below = { width: stage.width, height: stage.height - top };
	const all = tilesPerPage(count, below) >= count;
	const rest = all ? below : { ...below, height: below.height - PAGER };
	const fits = Math.min(count, tilesPerPage(count, rest));
	const strip = gridOf(fits, rest).map((rect) => ({ ...rect, y: rect.y + top }));
	return { main: { x: 0, y: 0, width: stage.width, height }, strip };
}

/** A small tile in a corner, over the others. Start is left: tiles turn it where text runs the other way. */
export function cornerOf(stage: Size, corner: Corner): Rect {
	const width = Math.min(stage.width, Math.max(110, Math.min(240, stage.width * 0.2)));
	const height = Math.min(stage.height, width / WIDE);
	const x = corner.endsWith('end') ? stage.width - width - GAP : GAP;
	const y = corner.startsWith('bottom') ? stage.height - height - GAP : GAP;
	return { x, y, width, height };
}

/** The corner nearest to a point of the stage. */
export function nearestCorner(stage: Size, x: number, y: number): Corner {
	return `${y < stage.height / 2 ? 'top' : 'bottom'}-${x < stage.width / 2 ? 'start' : 'end'}`;
}

/** The same places seen in a mirror, for languages that are written from right to left. */
export function mirrored(rects: readonly Rect[], stage: Size): Rect[] {
	return rects.map((rect) => ({ ...rect, x: stage.width - rect.x - rect.width }));
}

function bestGrid(count: number, stage: Size, shapes: Shapes): { columns: number; tile: Size } {
	let best = { columns: 1, tile: tileIn(1, count, stage, shapes) };
	for (let columns = 2; columns <= count; columns++) {
		const tile = tileIn(columns, Math.ceil(count / columns), stage, shapes);
		if (tile.width * tile.height > best.tile.width * best.tile.height + 1) best = { columns, tile };
	}
	return best;
}

function tileIn(columns: number, rows: number, stage: Size, { min, max }: Shapes): Size {
	const width = Math.max(0, (stage.width - (columns - 1) * GAP) / columns);
	const height = Math.max(0, (stage.height - (rows - 1) * GAP) / rows);
	if (width > height * max) return { width: height * max, height };
	if (width < height * min) return { width, height: width / min };
	return { width, height };
}
