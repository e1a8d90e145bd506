import { expect, it } from 'vitest';
import { createWords } from '../words';
import { en } from '../words/en';
import { waitingWords } from './waiting';

const t = createWords('en', en);

it.each([
	['lobby', true, 'Waiting for a host to let you in'],
	['lobby', false, 'No host is here yet. Waiting for one to let you in'],
	['sent_back', true, 'A host sent you back to the lobby. Waiting to be let in again'],
] as const)('%s, a host present: %s', (reason, hostPresent, want) => {
	expect(waitingWords(t, { reason, hostPresent })).toBe(want);
});
