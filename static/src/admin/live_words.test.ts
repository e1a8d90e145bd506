import { describe, expect, it } from 'vitest';
import { crowdWords, offersFor, waiterWords } from './live_words';
import type { Person } from './model';

const ann = { name: 'Ann', role: 'speaker', sources: [], hand: 0 } satisfies Partial<Person>;

describe('what a participant can be offered', () => {
	it.each<[string, Partial<Person>, readonly string[]]>([
		['a silent speaker', {}, ['ask_to_unmute', 'make_host', 'make_audience', 'send_to_lobby']],
		['a heard speaker', { sources: [{ source: 'microphone', muted: false }] }, ['mute', 'make_host', 'make_audience', 'send_to_lobby']],
		['a muted speaker', { sources: [{ source: 'microphone', muted: true }] }, ['ask_to_unmute', 'make_host', 'make_audience', 'send_to_lobby']],
		['one who shows everything', { sources: [{ source: 'camera', muted: false }, { source: 'screen', muted: false }], hand: 3 }, ['ask_to_unmute', 'stop_camera', 'stop_screen', 'lower_hand', 'make_host', 'make_audience', 'send_to_lobby']],
		['one of the audience, who can’t unmute', { role: 'audience' }, ['make_host', 'make_speaker', 'send_to_lobby']],
		['a host, who waits for nobody', { role: 'host' }, ['ask_to_unmute', 'make_speaker']],
	])('%s', (_, more, wanted) => {
		expect(offersFor({ ...ann, ...more }).map(({ action }) => action)).toEqual(wanted);
	});

	it('names the person once it is done', () => {
		for (const { done } of [...offersFor(ann), ...offersFor({ ...ann, role: 'audience' })]) expect(done).toMatch(/\bAnn\b.*\.$/);
	});
});

describe('those who wait', () => {
	it('are counted only when there are any', () => {
		expect([crowdWords(0, 0), crowdWords(1, 0), crowdWords(3, 2), crowdWords(0, 1)]).toEqual(['Nobody', '1 person', '3 people, 2 waiting', 'Nobody, 1 waiting']);
	});

	it('have a reason told, and a lost connection before that', () => {
		expect(waiterWords({ connected: true, reason: 'lobby' })).toBe('');
		expect(waiterWords({ connected: true, reason: 'sent_back' })).toBe('Sent back by a host');
		expect(waiterWords({ connected: false, reason: 'sent_back' })).toBe('Connection lost, coming back');
	});
});
