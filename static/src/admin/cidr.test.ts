import { describe, expect, it } from 'vitest';
import { isPrefix, parseAllowList } from './cidr';

describe('an allow-list', () => {
	it.each(['10.0.0.0/8', '192.0.2.7', '0.0.0.0/0', '::1', '::', '2001:db8::/32', 'fe80::1:2:3:4', '1:2:3:4:5:6:7:8', '::ffff:192.0.2.1/128'])('takes %s', (text) => {
		expect(isPrefix(text)).toBe(true);
	});

	it.each(['', '10.0.0', '10.0.0.256', '010.0.0.1', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', 'example.org', ':', ':::', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '12345::', '::1/129', '::300.1.1.1'])('does not take %j', (text) => {
		expect(isPrefix(text)).toBe(false);
	});

	it('is read from lines and commas, each entry once', () => {
		expect(parseAllowList(' 10.0.0.0/8, ::1\n10.0.0.0/8 ')).toEqual({ entries: ['10.0.0.0/8', '::1'], wrong: null });
		expect(parseAllowList('10.0.0.0/8\nhome')).toEqual({ entries: ['10.0.0.0/8', 'home'], wrong: 'home' });
		expect(parseAllowList('')).toEqual({ entries: [], wrong: null });
	});
});
