import { describe, expect, it } from 'vitest';
import { DEFAULT_PREFERENCES, loadPreferences, savePreferences } from './preferences';

const store = (text: string | null) => ({ getItem: () => text, setItem: () => undefined });
const forbidden = {
	getItem: (): string => {
		throw new DOMException('no', 'SecurityError');
	},
	setItem: (): void => {
		throw new DOMException('full', 'QuotaExceededError');
	},
};

describe('loadPreferences', () => {
	it.each([
		['nothing', null],
		['broken JSON', '{'],
		['a list', '[]'],
		['null', 'null'],
		['wrong types', '{"name":1,"cameraOn":"yes","cameraHeight":9,"theme":"pink"}'],
	])('takes defaults for %s', (_, text) => {
		expect(loadPreferences(store(text))).toEqual(DEFAULT_PREFERENCES);
	});

	it('takes what it knows', () => {
		const text = '{"name":"Ann","cameraOn":false,"cameraHeight":360,"cameraRate":60,"theme":"light","extra":1}';
		expect(loadPreferences(store(text))).toEqual({ ...DEFAULT_PREFERENCES, name: 'Ann', cameraOn: false, cameraHeight: 360, cameraRate: 60, theme: 'light' });
	});

	it('works where storing is forbidden', () => {
		expect(loadPreferences(forbidden)).toEqual(DEFAULT_PREFERENCES);
		expect(loadPreferences(undefined)).toEqual(DEFAULT_PREFERENCES);
		expect(() => savePreferences(forbidden, DEFAULT_PREFERENCES)).not.toThrow();
	});
});
