import { describe, expect, it } from 'vitest';
import { linkWords } from './link_words';
import type { JoinLink } from './live_api';

const NOW = Date.UTC(2026, 10, 22, 12, 0);
const place = { zone: 'UTC', locale: 'en-GB' };
const link: JoinLink = { id: 'a', role: 'speaker', name: '', label: '', created_by: 'anna', created_at: NOW - 3_600_000, expires_at: 0, used_at: 0, url: '/meeting/1.x/#join=t' };

describe('a join link in words', () => {
	it.each([
		['', '', 'Anybody'],
		['Zoë', '', 'Zoë'],
		['', 'Press', 'Press'],
		['Zoë', 'Press', 'Press, for Zoë'],
	])('is called by its name %j and label %j', (name, label, want) => {
		expect(linkWords({ ...link, name, label }, NOW, place).name).toBe(want);
	});

	it('says how long it holds and when it was used', () => {
		expect(linkWords(link, NOW, place)).toMatchObject({ until: 'Holds as long as the room', used: 'Not used yet' });
		const words = linkWords({ ...link, expires_at: NOW + 7_200_000, used_at: NOW - 60_000 }, NOW, place);
		expect(words.until).toContain('14:00');
		expect(words.used).toContain('11:59');
	});
});
