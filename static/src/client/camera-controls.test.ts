import { expect, it } from 'vitest';
import { constraintsFor, controlsOf } from './camera-controls';

it('lists what a camera offers', () => {
	const capabilities = { zoom: { min: 1, max: 4, step: 0.1 }, brightness: { min: 0, max: 255 }, contrast: { min: 5, max: 5 }, backgroundBlur: [true, false], faceFraming: [false], pan: {} };
	expect(controlsOf(capabilities, { zoom: 2, backgroundBlur: true })).toEqual([
		{ kind: 'switch', name: 'backgroundBlur', on: true },
		{ kind: 'range', name: 'zoom', min: 1, max: 4, step: 0.1, value: 2 },
		{ kind: 'range', name: 'brightness', min: 0, max: 255, step: 2.55, value: 0 },
	]);
});

it.each([[undefined], [null], [[]], ['x'], [{ zoom: 3 }], [{ zoom: { min: 'a', max: 2 } }]])('finds nothing in %j', (capabilities) => {
	expect(controlsOf(capabilities, {})).toEqual([]);
});

it('turns off what would turn it back', () => {
	expect(constraintsFor('focusDistance', 3)).toEqual({ advanced: [{ focusMode: 'manual', focusDistance: 3 }] });
	expect(constraintsFor('backgroundBlur', true)).toEqual({ advanced: [{ backgroundBlur: true }] });
});
