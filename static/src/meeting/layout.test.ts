import { describe, expect, it } from 'vitest';
import { GAP, gridOf, spotlightOf, tilesPerPage } from './layout';
import type { Rect, Size } from './layout';

const desktop = { width: 1408, height: 760 };
const phone = { width: 374, height: 620 };

const inside = (rects: readonly Rect[], stage: Size) =>
	rects.every(({ x, y, width, height }) => x >= -0.01 && y >= -0.01 && x + width <= stage.width + 0.01 && y + height <= stage.height + 0.01);
const apart = (rects: readonly Rect[]) =>
	rects.every((a, i) => rects.every((b, j) => i >= j || a.x + a.width + GAP <= b.x + 0.01 || b.x + b.width + GAP <= a.x + 0.01 || a.y + a.height + GAP <= b.y + 0.01 || b.y + b.height + GAP <= a.y + 0.01));

describe('gridOf', () => {
	it.each([
		[1, 1],
		[2, 2],
		[3, 2],
		[4, 2],
		[5, 3],
		[9, 3],
		[12, 4],
		[25, 5],
	])('puts %i tiles on a desktop in %i columns', (count, columns) => {
		const rects = gridOf(count, desktop);
		expect(rects.filter((rect) => rect.y === rects[0]?.y)).toHaveLength(columns);
	});

	it.each([desktop, phone, { width: 300, height: 300 }, { width: 2000, height: 90 }])('keeps tiles of one size inside %j and apart', (stage) => {
		for (let count = 1; count <= 25; count++) {
			const rects = gridOf(count, stage);
			expect(rects).toHaveLength(count);
			expect(inside(rects, stage)).toBe(true);
			expect(apart(rects)).toBe(true);
			expect(new Set(rects.map(({ width }) => width.toFixed(3))).size).toBe(1);
		}
	});

	it('keeps 16:9 on a wide stage and fills a tall one', () => {
		const wide = gridOf(2, desktop)[0];
		expect((wide?.width ?? 0) / (wide?.height ?? 1)).toBeCloseTo(16 / 9);
		const tall = gridOf(2, phone)[0];
		expect([tall?.width, tall?.height]).toEqual([374, (620 - GAP) / 2]);
	});

	it('centres a last row that is not full', () => {
		const [first, , third] = gridOf(3, desktop);
		expect((third?.x ?? 0) + (third?.width ?? 0) / 2).toBeCloseTo(desktop.width / 2);
		expect(first?.x).not.toBe(third?.x);
	});

	it('places nothing on no stage', () => {
		expect(gridOf(3, { width: 0, height: 100 })).toEqual([]);
		expect(gridOf(0, desktop)).toEqual([]);
	});
});

describe('tilesPerPage', () => {
	it.each([
		[1, desktop, 1],
		[12, desktop, 12],
		[60, desktop, 25],
		[60, { width: 700, height: 400 }, 9],
		[60, { width: 100, height: 100 }, 1],
		[0, desktop, 1],
	])('of %i on %j is %i', (count, stage, want) => {
		expect(tilesPerPage(count, stage)).toBe(want);
	});

	it('fits two columns on a phone', () => {
		expect(tilesPerPage(60, phone)).toBeGreaterThanOrEqual(8);
	});
});

describe('spotlightOf', () => {
	it.each([
		[0, desktop],
		[1, desktop],
		[40, desktop],
		[3, phone],
		[40, phone],
		[1, phone],
		[1, { width: 700, height: 1100 }],
	])('of %i beside a screen on %j stays inside and apart', (count, stage) => {
		const { main, strip } = spotlightOf(count, stage);
		expect(inside([main, ...strip], stage)).toBe(true);
		expect(apart([main, ...strip])).toBe(true);
		expect(strip.length).toBeLessThanOrEqual(count);
		for (const { width, height } of strip) expect(width * height).toBeLessThan(main.width * main.height + 1);
	});
});
