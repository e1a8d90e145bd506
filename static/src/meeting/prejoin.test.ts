import { describe, expect, it } from 'vitest';
import type { Lobby } from '../client';
import { gate } from './prejoin';

const lobby: Lobby = { id: 'r', title: '', host: '', startsAt: 1000, endsAt: 9000, participants: [], count: 0, recording: false, locked: false, hasPasscode: false, waits: false, recordingPolicy: 'manual', videoCodecs: undefined, clockOffsetMs: 0 };
const open = (more: Partial<Lobby> = {}) => ({ kind: 'open', lobby: { ...lobby, ...more } }) as const;
const refused = (refusal: { code: 'passcode_wrong' | 'passcode_needed' | 'not_open'; retryAfter?: number; opensAt?: string }) => ({ refusal: { message: '', ...refusal }, at: 2000, passcode: 'x' });

describe('gate', () => {
	it.each([
		['an open room', open(), undefined, false, { asks: false, held: 0, early: -1000 }],
		['a room with a passcode', open({ hasPasscode: true }), undefined, false, { asks: true }],
		['a link, which needs none', open({ hasPasscode: true }), undefined, true, { asks: false }],
		['a passcode that is new', open(), refused({ code: 'passcode_needed' }), false, { asks: true, held: 0 }],
		['a wrong passcode', open({ hasPasscode: true }), refused({ code: 'passcode_wrong', retryAfter: 8 }), false, { asks: true, held: 8 }],
		['a room that opens later', open({ startsAt: 5000 }), undefined, false, { early: 3000 }],
		['a server whose clock is ahead', open({ startsAt: 5000, clockOffsetMs: 1000 }), undefined, false, { early: 2000 }],
		['a refusal that knows better', open(), refused({ code: 'not_open', opensAt: '1970-01-01T00:00:07Z' }), false, { early: 5000, asks: false }],
		['no answer', undefined, undefined, false, { asks: false, early: 0 }],
	] as const)('%s', (_, answer, refusal, linked, want) => {
		expect(gate(answer, refusal, linked, 2000)).toMatchObject(want);
	});
	it('lets another passcode be tried after a while', () => {
		expect(gate(open(), refused({ code: 'passcode_wrong', retryAfter: 8 }), false, 10_000).held).toBe(0);
	});
});
