import { describe, expect, it } from 'vitest';
import { deviceOf } from './device-id';

function memory(start: Record<string, string> = {}) {
	const kept = new Map(Object.entries(start));
	return { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };
}

describe('deviceOf', () => {
	it('is the same every time, and another in every browser', () => {
		const store = memory();
		const first = deviceOf(store);
		expect(first).toMatch(/^[0-9a-f]{32}$/);
		expect(deviceOf(store)).toBe(first);
		expect(deviceOf(memory())).not.toBe(first);
	});

	it('replaces what it did not write', () => {
		expect(deviceOf(memory({ 'plenum.device': 'x' }))).toMatch(/^[0-9a-f]{32}$/);
	});

	it('is nothing where nothing can be kept', () => {
		expect(deviceOf(undefined)).toBeUndefined();
		expect(deviceOf({ getItem: () => null, setItem: () => { throw new Error('full'); } })).toBeUndefined();
		expect(deviceOf({ getItem: () => null, setItem: () => undefined })).toBeUndefined();
	});
});
