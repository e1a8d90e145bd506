import { describe, expect, it } from 'vitest';
import { decodeServerMessage } from './messages';

describe('decodeServerMessage', () => {
	it('keeps the fields it knows and leaves absent optional ones absent', () => {
		const text = '{"type":"seats","epoch":3,"seats":[{"seat":0,"participant":"p2","source":"camera","video":true,"from":4294967295,"new":1},{"seat":1,"video":false}]}';
		expect(decodeServerMessage(text)).toStrictEqual({
			type: 'seats',
			epoch: 3,
			seats: [
				{ seat: 0, participant: 'p2', source: 'camera', video: true, from: 4294967295 },
				{ seat: 1, video: false },
			],
		});
	});

	it('reads a nil slice of Go as an empty list', () => {
		expect(decodeServerMessage('{"type":"roster","seq":7,"changed":null,"left":null}')).toStrictEqual({ type: 'roster', seq: 7, changed: [], left: [] });
	});

	it('reads how many encodings are wanted', () => {
		const message = { type: 'encodings', source: 'camera', layers: 1 };
		expect(decodeServerMessage(JSON.stringify(message))).toStrictEqual(message);
	});

	it('reads the pages of a roster', () => {
		const row = { id: 'p1', number: 1, name: 'Ann', role: 'speaker', sources: [], connected: true, joined_at: '' };
		expect(decodeServerMessage(JSON.stringify({ type: 'roster_page', rows: [row], more: 4 }))).toStrictEqual({ type: 'roster_page', rows: [row], more: 4 });
		expect(decodeServerMessage('{"type":"roster_page","rows":[]}')).toStrictEqual({ type: 'roster_page', rows: [] });
	});

	it('reads an announcement', () => {
		const announcement = { type: 'announcement', from: 'anna', text: 'Back at noon.', at: '2026-01-02T10:00:00.000Z', private: true };
		expect(decodeServerMessage(JSON.stringify(announcement))).toStrictEqual(announcement);
		expect(decodeServerMessage(JSON.stringify({ ...announcement, text: undefined }))).toBeUndefined();
	});

	it('reads what hosts and hands bring', () => {
		const row = { id: 'p1', number: 1, name: 'Ann', role: 'speaker', sources: [], connected: true, joined_at: '', hand: 3 };
		expect(decodeServerMessage(JSON.stringify({ type: 'roster', seq: 1, changed: [row], left: [] }))).toStrictEqual({ type: 'roster', seq: 1, changed: [row], left: [] });
		const reactions = { type: 'reactions', reactions: [{ emoji: '❤️', count: 2, participants: ['p1'] }] };
		expect(decodeServerMessage(JSON.stringify(reactions))).toStrictEqual(reactions);
		expect(decodeServerMessage('{"type":"moderated","action":"mute","by":"Ann"}')).toStrictEqual({ type: 'moderated', action: 'mute', by: 'Ann' });
		expect(decodeServerMessage('{"type":"bye","reason":"removed","message":""}')).toStrictEqual({ type: 'bye', reason: 'removed', message: '' });
	});

	it('reads private lines, files and what is wrong with a recording', () => {
		const file = { id: 'f', name: 'a.png', size: 3, picture: true };
		const direct = { type: 'direct', number: 1, from: 'p1', name: 'Ann', text: '', at: '', file, to: 'p2', to_name: 'Bo' };
		expect(decodeServerMessage(JSON.stringify(direct))).toStrictEqual(direct);
		expect(decodeServerMessage(JSON.stringify({ ...direct, file: { ...file, size: '3' } }))).toBeUndefined();
		const recording = { type: 'recording', seq: 1, on: true, warning: 'w', warning_code: 'silent', silent: ['Ann'] };
		expect(decodeServerMessage(JSON.stringify(recording))).toStrictEqual(recording);
		expect(decodeServerMessage(JSON.stringify({ ...recording, warning_code: 'of a newer server' }))).toStrictEqual({ type: 'recording', seq: 1, on: true, warning: 'w', silent: ['Ann'] });
	});

	it('keeps a zero from apart from an absent one', () => {
		const message = decodeServerMessage('{"type":"seats","epoch":1,"seats":[{"seat":0,"video":true,"from":0}]}');
		expect(message?.type === 'seats' && message.seats[0]?.from).toBe(0);
	});

	it.each([
		['not JSON', '{"type":'],
		['a list', '[]'],
		['null', 'null'],
		['no type', '{"seq":1}'],
		['a type of a newer server', '{"type":"hands","seq":1}'],
		['a type that every object inherits', '{"type":"toString"}'],
		['a missing field', '{"type":"bye","reason":"ended"}'],
		['an unknown word', '{"type":"bye","reason":"bored","message":""}'],
		['an emoji that is none of ours', '{"type":"reactions","reactions":[{"emoji":"💩","count":1,"participants":[]}]}'],
		['an action that is none of ours', '{"type":"moderated","action":"tickle","by":"Ann"}'],
		['a wrong type', '{"type":"floor","participants":[1]}'],
		['a number too large for a double', '{"type":"roster","seq":1e999,"changed":[],"left":[]}'],
	])('refuses %s', (_, text) => {
		expect(decodeServerMessage(text)).toBeUndefined();
	});
});
