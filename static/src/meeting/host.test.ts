import { describe, expect, it } from 'vitest';
import type { Participant } from '../client';
import { actionsOn } from './host';
import { found } from './people-search';

const person = (id: string, name: string, more: Partial<Participant> = {}): Participant => ({
	id, number: 1, name, role: 'speaker', sources: [], connected: true, joined_at: '', ...more,
});

describe('actionsOn', () => {
	it.each<[string, Partial<Participant>, string[]]>([
		['a silent guest', {}, ['ask_to_unmute', 'make_audience', 'make_host', 'hand_over', 'send_to_lobby', 'remove']],
		['a heard guest', { sources: [{ source: 'microphone', muted: false }] }, ['mute', 'make_audience', 'make_host', 'hand_over', 'send_to_lobby', 'remove']],
		['a muted guest', { sources: [{ source: 'microphone', muted: true }] }, ['ask_to_unmute', 'make_audience', 'make_host', 'hand_over', 'send_to_lobby', 'remove']],
		['one of the audience', { role: 'audience' }, ['make_speaker', 'make_host', 'hand_over', 'send_to_lobby', 'remove']],
		['a host with everything', { role: 'host', hand: 3, sources: [{ source: 'camera', muted: false }, { source: 'screen', muted: false }] }, ['ask_to_unmute', 'stop_camera', 'stop_screen', 'lower_hand', 'make_speaker', 'remove']],
	])('offers what makes sense for %s', (_, more, want) => {
		expect(actionsOn(person('a', 'Ann', more))).toEqual(want);
	});
});

describe('found', () => {
	const people = [person('a', 'Ann Lee'), person('z', 'Zoë Brandt'), person('h', 'Hal', { role: 'host' }), person('me', 'Me')];
	it.each([
		['', ['me', 'h', 'a', 'z']],
		['  ', ['me', 'h', 'a', 'z']],
		['zoe', ['z']],
		['lee ANN', ['a']],
		['host', ['h']],
		['nobody', []],
	])('%j', (query, want) => {
		expect(found(people, 'me', query, ({ role }) => role).map(({ id }) => id)).toEqual(want);
	});
});
