import { describe, expect, it } from 'vitest';
import { readJoinToken } from './join-token';

/** Stands in rooms/link_test.go too, where the server's own reader is held to it. */
const TOKEN = 'AQMAAAACaciOgEFCQ0RFRkdIBFpvw6sI2h_Lm1nkQeHC4vTtcbdO';

describe('readJoinToken', () => {
	it('reads what the link says', () => {
		expect(readJoinToken(TOKEN)).toStrictEqual({ role: 'audience', name: 'Zoë', expiresAt: 1_774_751_360_000 });
	});

	it('reads a link for anybody, for ever', () => {
		expect(readJoinToken(`AQEAAAAAAAAAAEFCQ0RFRkdIAA${'A'.repeat(21)}`)).toStrictEqual({ role: 'host', name: undefined, expiresAt: undefined });
	});

	it.each([
		['nothing', ''],
		["a room's own host token", 'fUZcLXRc4Rf2ZkWmSNu2kUGDjuZPGvkMiFLLgGBXAJ4'],
		['one that was cut', TOKEN.slice(0, -4)],
		['an unknown role', `AQ${'A'.repeat(70)}`],
		['what is no base64url', '§§§'],
		['a name that is no UTF-8', TOKEN.replace('Fpvw', 'F___')],
	])('takes %s for none', (_, token) => {
		expect(readJoinToken(token)).toBeUndefined();
	});
});
