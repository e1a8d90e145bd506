import { describe, expect, it } from 'vitest';
import type { RecordingPolicy, Role } from './protocol.gen';
import { mayJoinIn, mayModerate, mayPublish, mayRecord } from './rights';
import type { Standing } from './rights';

const as = (role: Role, audience_may: Standing['room']['audience_may'] = [], recording_policy: RecordingPolicy = 'manual'): Standing => ({
	role,
	room: { audience_may, recording_policy },
});

describe('rights', () => {
	it.each<[Role, boolean, boolean, boolean, boolean, boolean]>([
		// publish, chat where the audience may, chat where not, moderate, record
		['host', true, true, true, true, true],
		['speaker', true, true, true, false, false],
		['audience', false, true, false, false, false],
	])('of a %s', (role, publish, chat, strictChat, moderate, record) => {
		expect(mayPublish(as(role))).toBe(publish);
		expect(mayJoinIn(as(role, ['chat']), 'chat')).toBe(chat);
		expect(mayJoinIn(as(role, ['hand', 'reaction']), 'chat')).toBe(strictChat);
		expect(mayModerate(as(role))).toBe(moderate);
		expect(mayRecord(as(role))).toBe(record);
	});

	it('lets nobody record a room that is never recorded', () => {
		expect(mayRecord(as('host', [], 'off'))).toBe(false);
		expect(mayRecord(as('host', [], 'voice'))).toBe(true);
	});
});
