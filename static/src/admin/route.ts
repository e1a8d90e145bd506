/** Which rooms are listed: open or to come, one of the two, or ended. */
export type RoomFilter = 'current' | 'open' | 'coming' | 'ended';

/** How rooms are shown. */
export type RoomView = 'list' | 'month' | 'week';

/** What is shown of one room. */
export type RoomTab = 'now' | 'attendance' | 'events';

type RoomsRoute = Readonly<{
	page: 'rooms';
	view: RoomView;
	state: RoomFilter;
	search: string;
	/** A user's id, or "" for everybody's rooms. */
	creator: string;
	/** The day the calendar shows, as 2026-11-22, or "" for today. */
	date: string;
}>;

type RecordingsRoute = Readonly<{ page: 'recordings'; room: string; search: string; state: string; from: string; to: string }>;

type AuditRoute = Readonly<{ page: 'audit'; actor: string; action: string; object: string; from: string; to: string }>;

/** Where in the admin pages the viewer is, filters included. */
export type Route = Readonly<
	| RoomsRoute
	| { page: 'room'; id: string; tab: RoomTab }
	| RecordingsRoute
	| { page: 'recording'; id: string }
	| { page: 'attendants'; search: string }
	| { page: 'webhooks' }
	| { page: 'webhook'; id: number; state: string }
	| { page: 'users'; search: string }
	| { page: 'tokens' }
	| AuditRoute
	| { page: 'unknown' }
>;

/** The rooms without any filter. */
export const ROOMS: RoomsRoute = { page: 'rooms', view: 'list', state: 'current', search: '', creator: '', date: '' };

/** The recordings without any filter. */
export const RECORDINGS: RecordingsRoute = { page: 'recordings', room: '', search: '', state: '', from: '', to: '' };

/** The audit log without any filter. */
export const AUDIT: AuditRoute = { page: 'audit', actor: '', action: '', object: '', from: '', to: '' };

/** The route of a path and its query, for instance "/admin/rooms" and "?state=ended". */
export function parseRoute(path: string, query: string): Route {
	const [, root, page = '', id = '', tab = '', ...rest] = path.replace(/\/+$/, '').split('/');
	const params = new URLSearchParams(query);
	if (root !== 'admin' || rest.length > 0) return { page: 'unknown' };
	if (id !== '') return itemRoute(page, id, tab, params);
	const of = (name: string) => params.get(name) ?? '';
	switch (page) {
		case '':
		case 'rooms':
			return { page: 'rooms', view: word(of('view'), ['list', 'month', 'week']), state: word(of('state'), ['current', 'open', 'coming', 'ended']), search: of('q'), creator: of('creator'), date: of('date') };
		case 'recordings':
			return { page, room: of('room'), search: of('q'), state: of('state'), from: of('from'), to: of('to') };
		case 'audit':
			return { page, actor: of('actor'), action: of('action'), object: of('object'), from: of('from'), to: of('to') };
		case 'attendants':
		case 'users':
			return { page, search: of('q') };
		case 'webhooks':
		case 'tokens':
			return { page };
		default:
			return { page: 'unknown' };
	}
}

/** The value if it is one of the words, else the first of them. */
function word<const T extends string>(value: string, words: readonly [T, ...T[]]): T {
	return words.find((known) => known === value) ?? words[0];
}

function itemRoute(page: string, part: string, tab: string, params: URLSearchParams): Route {
	const id = decode(part);
	if (id === null) return { page: 'unknown' };
	if (page === 'rooms' && (tab === '' || tab === 'attendance' || tab === 'events')) return { page: 'room', id, tab: tab === '' ? 'now' : tab };
	if (tab !== '') return { page: 'unknown' };
	if (page === 'recordings') return { page: 'recording', id };
	if (page === 'webhooks' && /^\d{1,15}$/.test(id)) return { page: 'webhook', id: Number(id), state: params.get('state') ?? '' };
	return { page: 'unknown' };
}

function decode(part: string): string | null {
	try {
		return decodeURIComponent(part);
	} catch {
		return null;
	}
}

/** The path and query of a route: what parseRoute turns back into it. */
export function hrefOf(route: Route): string {
	switch (route.page) {
		case 'rooms': {
			const { view, state, search, creator, date } = route;
			return `/admin/rooms${queryOf({ view: view === 'list' ? '' : view, state: state === 'current' ? '' : state, q: search, creator, date })}`;
		}
		case 'room':
			return `/admin/rooms/${encodeURIComponent(route.id)}${route.tab === 'now' ? '' : `/${route.tab}`}`;
		case 'recordings': {
			const { page, search, ...rest } = route;
			return `/admin/${page}${queryOf({ q: search, ...rest })}`;
		}
		case 'recording':
			return `/admin/recordings/${encodeURIComponent(route.id)}`;
		case 'audit': {
			const { page, ...rest } = route;
			return `/admin/${page}${queryOf(rest)}`;
		}
		case 'attendants':
		case 'users':
			return `/admin/${route.page}${queryOf({ q: route.search })}`;
		case 'webhook':
			return `/admin/webhooks/${route.id}${queryOf({ state: route.state })}`;
		case 'webhooks':
		case 'tokens':
			return `/admin/${route.page}`;
		case 'unknown':
			return '/admin/';
	}
}

function queryOf(values: Readonly<Record<string, string>>): string {
	const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value !== '')).toString();
	return query === '' ? '' : `?${query}`;
}

/** Whether any of the texts holds every word of the search, in any case. */
export function matches(search: string, texts: readonly string[]): boolean {
	const hay = texts.join('\n').toLocaleLowerCase();
	return search
		.toLocaleLowerCase()
		.split(/\s+/)
		.every((word) => hay.includes(word));
}
