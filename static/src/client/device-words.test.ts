import { describe, expect, it } from 'vitest';
import { problemOf } from './device-words';

describe('problemOf', () => {
	it.each([
		[new DOMException('', 'NotAllowedError'), 'denied'],
		[new DOMException('', 'NotFoundError'), 'not_found'],
		[new DOMException('', 'OverconstrainedError'), 'not_found'],
		[new DOMException('', 'NotReadableError'), 'in_use'],
		[new TypeError('x'), 'failed'],
		['text', 'failed'],
	])('of %s is %s', (error, want) => {
		expect(problemOf(error)).toBe(want);
	});
});
