import type { AudienceRight, Role, RoomState } from './protocol.gen';

/** As much of a meeting as says what its viewer may do. The server has the last word. */
export type Standing = Readonly<{ role: Role; room: Pick<RoomState, 'audience_may' | 'recording_policy'> }>;

/** True when the viewer may turn on microphone, camera and screen. */
export function mayPublish({ role }: Pick<Standing, 'role'>): boolean {
	return role !== 'audience';
}

/** True when the viewer may write, raise a hand or react. */
export function mayJoinIn({ role, room }: Standing, right: AudienceRight): boolean {
	return role !== 'audience' || room.audience_may.includes(right);
}

/** True when the viewer is a host: may lock, extend and end the meeting, let people in and moderate. */
export function mayModerate({ role }: Pick<Standing, 'role'>): boolean {
	return role === 'host';
}

/** True when the viewer may start a recording. One that runs may be stopped by any host. */
export function mayRecord({ role, room }: Standing): boolean {
	return role === 'host' && room.recording_policy !== 'off';
}
