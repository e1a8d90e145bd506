import type { Participant } from '../client';

/** The participants whose names or roles hold every word of the query: the viewer first, then hosts, then in the order of joining. */
export function found(participants: readonly Participant[], self: string, query: string, roleOf: (participant: Participant) => string): readonly Participant[] {
	const words = plain(query).split(/\s+/).filter((word) => word !== '');
	const rank = ({ id, role }: Participant) => (id === self ? 0 : role === 'host' ? 1 : 2);
	return participants
		.filter((one) => words.every((word) => plain(`${one.name} ${roleOf(one)}`).includes(word)))
		.sort((a, b) => rank(a) - rank(b));
}

/** Letters without case and marks, so that "zoe" finds Zoë. */
function plain(text: string): string {
	return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
