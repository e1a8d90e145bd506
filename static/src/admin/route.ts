/** Where in the admin pages the viewer is, filters included. */
export type Route = Readonly<
	| { page: 'rooms'; state: 'open' | 'ended'; search: string }
	| { page: 'recordings'; room: string; search: string }
	| { page: 'recording'; id: string }
	| { page: 'attendants'; search: string }
	| { page: 'unknown' }
>;

/** The route of a path and its query, for instance "/admin/rooms" and "?state=ended". */
export function parseRoute(path: string, query: string): Route {
	const [, root, page = '', id = '', ...rest] = path.replace(/\/+$/, '').split('/');
	const params = new URLSearchParams(query);
	const search = params.get('q') ?? '';
	if (root !== 'admin' || rest.length > 0) return { page: 'unknown' };
	if (id !== '') return page === 'recordings' ? recordingRoute(id) : { page: 'unknown' };
	switch (page) {
		case '':
		case 'rooms':
			return { page: 'rooms', state: params.get('state') === 'ended' ? 'ended' : 'open', search };
		case 'recordings':
			return { page: 'recordings', room: params.get('room') ?? '', search };
		case 'attendants':
			return { page: 'attendants', search };
		default:
			return { page: 'unknown' };
	}
}

function recordingRoute(id: string): Route {
	try {
		return { page: 'recording', id: decodeURIComponent(id) };
	} catch {
		return { page: 'unknown' };
	}
}

/** The path and query of a route: what parseRoute turns back into it. */
export function hrefOf(route: Route): string {
	switch (route.page) {
		case 'rooms':
			return `/admin/rooms${queryOf({ state: route.state === 'ended' ? 'ended' : '', q: route.search })}`;
		case 'recordings':
			return `/admin/recordings${queryOf({ room: route.room, q: route.search })}`;
		case 'recording':
			return `/admin/recordings/${encodeURIComponent(route.id)}`;
		case 'attendants':
			return `/admin/attendants${queryOf({ q: route.search })}`;
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
