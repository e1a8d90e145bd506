import type { PersonAction, Waiter } from './live_api';
import type { Person, SourceName } from './model';
import { capital, peopleWords } from './words';

/** Something a host can do to a participant, and what to say once it is done. */
export type Offer = Readonly<{ action: PersonAction; label: string; done: string }>;

/** What can be done to a participant as they are now: the same as a host is offered in the meeting. */
export function offersFor({ name, role, sources, hand }: Pick<Person, 'name' | 'role' | 'sources' | 'hand'>): readonly Offer[] {
	const on = (source: SourceName) => sources.some((one) => one.source === source && !one.muted);
	const offer = (action: PersonAction, label: string, done: string, when = true): readonly Offer[] => (when ? [{ action, label, done }] : []);
	return [
		...(on('microphone') ? offer('mute', 'Mute', `${name} was muted.`) : offer('ask_to_unmute', 'Ask to unmute', `${name} was asked to unmute.`, role !== 'audience')),
		...offer('stop_camera', 'Stop camera', `The camera of ${name} was turned off.`, on('camera')),
		...offer('stop_screen', 'Stop screen share', `The screen of ${name} is no longer shared.`, sources.some(({ source }) => source === 'screen')),
		...offer('lower_hand', 'Lower hand', `The hand of ${name} was lowered.`, hand > 0),
		...offer('make_host', 'Make host', `${name} is now a host.`, role !== 'host'),
		...offer('make_speaker', 'Make speaker', `${name} is now a speaker.`, role !== 'speaker'),
		...offer('make_audience', 'Make audience', `${name} is now in the audience.`, role === 'speaker'),
		...offer('send_to_lobby', 'Send to lobby', `${name} was sent to the lobby.`, role !== 'host'),
	];
}

/** "3 people", "Nobody, 2 waiting": how many are in, and how many wait to be. */
export function crowdWords(inside: number, waiting: number): string {
	return `${capital(peopleWords(inside))}${waiting === 0 ? '' : `, ${waiting} waiting`}`;
}

/** Why somebody waits, when there is more to say than that they came; else "". */
export function waiterWords({ connected, reason }: Pick<Waiter, 'connected' | 'reason'>): string {
	if (!connected) return 'Connection lost, coming back';
	return reason === 'sent_back' ? 'Sent back by a host' : '';
}
