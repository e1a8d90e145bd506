import { describe, expect, it } from 'vitest';
import { cameraLayers } from './layers';

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
