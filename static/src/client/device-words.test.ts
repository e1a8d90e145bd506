import { describe, expect, it } from 'vitest';
import { explainProblem, problemOf } from './device-words';

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

describe('explainProblem', () => {
	it.each(['denied', 'not_found', 'in_use', 'insecure', 'unsupported', 'failed'] as const)('says for %s what it means', (problem) => {
		expect(explainProblem(problem, 'camera')).toMatch(/camera.*Others can’t see you\./);
		expect(explainProblem(problem, 'microphone and camera')).toMatch(/microphone and camera.*Others can’t see or hear you\./);
		expect(explainProblem(problem, 'microphone')).toMatch(/microphone.*Others can’t hear you\./);
	});
});
