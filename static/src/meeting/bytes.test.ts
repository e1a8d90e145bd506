import { expect, it } from 'vitest';
import { createWords } from '../words';
import { de } from '../words/de';
import { en } from '../words/en';
import { bytesInWords } from './bytes';

it.each([
	[0, '0 bytes'],
	[1, '1 byte'],
	[999, '999 bytes'],
	[1000, '1 kB'],
	[1234, '1.2 kB'],
	[48_213, '48.2 kB'],
	[123_456, '123 kB'],
	[999_999, '1 MB'],
	[100_000_000, '100 MB'],
	[2_500_000_000_000, '2,500 GB'],
])('%i bytes are %s', (bytes, want) => {
	expect(bytesInWords(createWords('en', en), bytes)).toBe(want);
});

it('writes sizes as the language does', () => {
	expect(bytesInWords(createWords('de', de), 1_234_000)).toBe('1,2 MB');
});
