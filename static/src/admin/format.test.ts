import { describe, expect, it } from 'vitest';
import { away, clock, curlLine, day, lengthWords, localeOf, size, span, spanThere, stretchLength, timecode, within, zones } from './format';

const utc = { locale: 'en-GB', zone: 'UTC' };
const at = (text: string) => Date.parse(text);
const now = at('2026-11-22T09:00:00Z');

describe('times', () => {
	it.each([
		['2026-11-22T23:59:00Z', 'Today'],
		['2026-11-21T00:00:00Z', 'Yesterday'],
		['2026-11-23T00:00:00Z', 'Tomorrow'],
		['2026-11-24T12:00:00Z', 'Tue 24 Nov'],
		['2025-11-24T12:00:00Z', 'Mon 24 Nov 2025'],
	])('call the day of %s %s', (time, words) => {
		expect(day(at(time), now, utc).replaceAll(',', '')).toBe(words);
	});

	it('take the day of the place they are written for', () => {
		const late = at('2026-11-22T20:00:00Z');
		expect(day(late, now, { locale: 'en-GB', zone: 'Asia/Kolkata' })).toBe('Tomorrow');
		expect(clock(late, { locale: 'en-GB', zone: 'Asia/Kolkata' })).toBe('1:30');
	});

	it('name the second day only when it is another', () => {
		expect(span(at('2026-11-22T14:00:00Z'), at('2026-11-22T15:00:00Z'), now, utc)).toBe('Today, 14:00 to 15:00');
		expect(span(at('2026-11-22T23:30:00Z'), at('2026-11-23T00:30:00Z'), now, utc)).toBe('Today, 23:30 to Tomorrow, 0:30');
	});

	it('are given where the room is, also in a zone nobody knows', () => {
		const start = at('2026-11-22T14:00:00Z');
		expect(spanThere(start, start + 3_600_000, 'Asia/Kolkata', 'en-GB')).toMatch(/^Sun,? 22 Nov, 19:30 to 20:30 in Asia\/Kolkata$/);
		expect(spanThere(start, start + 3_600_000, 'Moon/Base', 'en-GB')).toMatch(/14:00 to 15:00 in Moon\/Base$/);
	});

	it.each([
		[300_000, 'in 5 min'],
		[-300_000, '5 min ago'],
		[10_000, 'now'],
		[-7_500_000, '2 h 5 min ago'],
		[400_000_000, 'in 5 days'],
	])('are %d ms away as %s', (gap, words) => {
		expect(away(now + gap, now)).toBe(words);
	});

	it('begin small in mid-sentence', () => {
		expect(within('Today, 14:00')).toBe('today, 14:00');
		expect(within('Tue 24 Nov, 14:00')).toBe('Tue 24 Nov, 14:00');
	});
});

describe('lengths and sizes', () => {
	it.each([
		[0, '0 s'],
		[59_000, '59 s'],
		[60_000, '1 min'],
		[3_599_999, '1 h'],
		[5_400_000, '1 h 30 min'],
		[172_800_000, '2 days'],
	])('%d ms are %s', (ms, words) => {
		expect(lengthWords(ms)).toBe(words);
	});

	it.each([
		[0, '0:00'],
		[7_999_999, '0:07'],
		[751_000_000, '12:31'],
		[3_723_000_000, '1:02:03'],
		[-5, '0:00'],
	])('%d µs are %s', (us, code) => {
		expect(timecode(us)).toBe(code);
	});

	it('give a short stretch its tenths', () => {
		expect(stretchLength(400_000)).toBe('0.4 s');
		expect(stretchLength(9_949_999)).toBe('9.9 s');
		expect(stretchLength(9_960_000)).toBe('10 s');
		expect(stretchLength(90_000_000)).toBe('2 min');
	});

	it.each([
		[0, '0 bytes'],
		[1, '1 byte'],
		[999, '999 bytes'],
		[1000, '1.0 kB'],
		[9_949_999, '9.9 MB'],
		[9_960_000, '10 MB'],
		[999_500_000, '1.0 GB'],
		[5e15, '5000 TB'],
	])('%d bytes are %s', (bytes, words) => {
		expect(size(bytes).replace('\u00a0', ' ')).toBe(words);
	});
});

describe('the shell line', () => {
	it('reserves the same room', () => {
		const line = curlLine('http://localhost:8007', 'admin', { duration: 60, timezone: 'Asia/Kolkata', description: 'Weekly planning' });
		expect(line).toBe(`curl -u 'admin' 'http://localhost:8007/api/v1/rooms' --json '{"duration":60,"timezone":"Asia/Kolkata","description":"Weekly planning"}'`);
	});

	it('lets nothing out of its quotes', () => {
		const line = curlLine('http://h', "o'neil", { description: "a'; rm -rf $HOME `x` & \"" });
		expect(line).toBe(
			`curl -u 'o'\\''neil' 'http://h/api/v1/rooms' --json '{"description":"a'\\''; rm -rf $HOME \`x\` & \\""}'`,
		);
	});
});

describe('choices', () => {
	it('offer the own zone and UTC once', () => {
		expect(zones(['Europe/Berlin', 'Asia/Tokyo'], 'Asia/Kolkata')).toEqual(['Asia/Kolkata', 'Asia/Tokyo', 'Europe/Berlin', 'UTC']);
		expect(zones(['UTC'], 'UTC')).toEqual(['UTC']);
		expect(zones(['Asia/Calcutta', 'Europe/Kiev'], 'UTC')).toEqual(['Asia/Kolkata', 'Europe/Kyiv', 'UTC']);
	});

	it('take the English the viewer reads', () => {
		expect(localeOf(['de-DE', 'en-US', 'en-GB'])).toBe('en-US');
		expect(localeOf(['de-DE'])).toBe('en-GB');
	});
});
