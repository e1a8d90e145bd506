import type { PreferenceStore } from './preferences';

const KEY = 'plenum.device';

/**
 * The random text by which the server knows this browser again when a host has
 * removed somebody. It says nothing else and is sent to this server alone;
 * undefined where nothing can be kept.
 */
export function deviceOf(store: PreferenceStore | undefined): string | undefined {
	try {
		const kept = store?.getItem(KEY) ?? '';
		if (/^[\w-]{16,64}$/.test(kept)) return kept;
		const bytes = crypto.getRandomValues(new Uint8Array(16));
		const fresh = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
		store?.setItem(KEY, fresh);
		return store?.getItem(KEY) === fresh ? fresh : undefined;
	} catch {
		return undefined;
	}
}
