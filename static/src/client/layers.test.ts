import { describe, expect, it } from 'vitest';
import { cameraLayers, encodingsIn, wantedOf } from './layers';

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

describe('encodingsIn', () => {
	it.each([
		['vp8', 720, 3, [[4, 150_000], [2, 500_000], [1, 1_700_000]], [undefined, undefined, undefined]],
		['h264', 720, 1, [[4, 150_000]], [undefined]],
		['av1', 720, 2, [[4, 150_000], [2, 500_000]], ['L1T3', 'L1T3']],
		['vp9', 720, 3, [[1, 2_000_000]], ['L3T3_KEY']],
		['vp9', 720, 2, [[2, 600_000]], ['L2T3_KEY']],
		['vp9', 720, 1, [[4, 150_000]], ['L1T3']],
		['vp9', 360, 3, [[1, 600_000]], ['L2T3_KEY']],
		['vp9', 360, 1, [[2, 150_000]], ['L1T3']],
		['vp9', 180, 3, [[1, 150_000]], ['L1T3']],
		['vp9', 720, 0, [[4, 150_000]], ['L1T3']],
	] as const)('%s of %i with %i wanted sends %j in %j', (codec, side, wanted, want, modes) => {
		const sent = encodingsIn(codec, cameraLayers(side), wanted).filter(({ active }) => active);
		expect(sent.map(({ scaleResolutionDownBy, maxBitrate }) => [scaleResolutionDownBy, maxBitrate])).toEqual(want);
		expect(sent.map(({ scalabilityMode }) => scalabilityMode)).toEqual(modes);
	});

	it('sends VP9 as simulcast where the browser knows no layers', () => {
		const sent = encodingsIn('vp9', cameraLayers(720), 2, false);
		expect(sent.map(({ active }) => active)).toEqual([true, true, false]);
		expect(sent.map(({ scaleResolutionDownBy }) => scaleResolutionDownBy)).toEqual([4, 2, 1]);
	});
});
