import { describe, expect, it } from 'vitest';
import { cameraLayers, wantedOf } from './layers';

describe('cameraLayers', () => {
	it.each([
		[1080, [4, 2, 1]],
		[720, [4, 2, 1]],
		[540, [4, 2, 1]],
		[480, [2, 1]],
		[360, [2, 1]],
		[240, [1]],
	])('sends a picture of %i in the layers %j, the whole one always among them', (side, scales) => {
		const layers = cameraLayers(side);
		expect(layers).toHaveLength(3);
		expect(layers.filter((layer) => layer.active).map((layer) => layer.scaleResolutionDownBy)).toEqual(scales);
	});
});

describe('wantedOf', () => {
	const active = (side: number, wanted: number) => wantedOf(cameraLayers(side), wanted).map((layer) => layer.active);

	it.each([
		[720, 3, [true, true, true]],
		[720, 2, [true, true, false]],
		[720, 1, [true, false, false]],
		[480, 3, [true, true, false]],
		[480, 1, [true, false, false]],
		[240, 1, [true, false, false]],
	])('sends of a picture of %i the smallest %i: %j', (side, wanted, expected) => {
		expect(active(side, wanted)).toEqual(expected);
	});

	it('keeps the scales, so that a layer comes back as it was', () => {
		expect(wantedOf(cameraLayers(720), 1).map((layer) => layer.scaleResolutionDownBy)).toEqual([4, 2, 1]);
	});
});
