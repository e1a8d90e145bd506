import { expect, it } from 'vitest';
import { createWords } from '../words';
import { de } from '../words/de';
import { en } from '../words/en';
import { warningWords } from './banners';

it.each([
	[{ warning_code: 'silent', silent: ['Ann', 'Bo'] }, 'Nothing is heard of Ann and Bo: the recording of this microphone is silent.'],
	[{ warning_code: 'disk_low' }, 'The server’s disk is almost full: the recording will stop soon.'],
	[{ warning: 'Something new.' }, 'Something new.'],
] as const)('%j', (state, want) => {
	const { silent = [], ...rest } = state as { silent?: readonly string[] };
	expect(warningWords(createWords('en', en), { on: true, ...rest, silent: [...silent] })).toBe(want);
});

it('speaks the viewer’s language, whatever the server says', () => {
	expect(warningWords(createWords('de', de), { on: true, warning: 'The server’s disk is too slow.', warning_code: 'slow_disk' })).toMatch(/^Der Datenträger/);
});
