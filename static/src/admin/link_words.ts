import { moment, within } from './format';
import type { JoinLink, LinkRole } from './live_api';

/** What a link makes of who comes by it. */
export const ROLE_WORDS: Readonly<Record<LinkRole, string>> = { speaker: 'Speaker', audience: 'Audience', host: 'Host' };

/** A link in words: what it is called, who made it when, until when it holds, and when it was used. */
export function linkWords(link: JoinLink, now: number, place: Parameters<typeof moment>[2]): Readonly<{ name: string; made: string; until: string; used: string }> {
	const whom = link.name === '' ? 'Anybody' : link.name;
	return {
		name: link.label === '' ? whom : link.name === '' ? link.label : `${link.label}, for ${link.name}`,
		made: `Made by ${link.created_by === '' ? 'somebody' : link.created_by}, ${within(moment(link.created_at, now, place))}`,
		until: link.expires_at === 0 ? 'Holds as long as the room' : `Holds until ${within(moment(link.expires_at, now, place))}`,
		used: link.used_at === 0 ? 'Not used yet' : `Last used ${within(moment(link.used_at, now, place))}`,
	};
}
