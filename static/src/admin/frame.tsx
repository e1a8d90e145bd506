import { CircleUser, Ellipsis, KeyRound, LogOut, Radio, ScrollText, Users, UsersRound, Video, Webhook } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button, IconButton, Menu } from '../design';
import { Brand } from './login';
import type { User } from './model';
import { AUDIT, RECORDINGS, ROOMS } from './route';
import type { Route } from './route';
import { Link, useRouter } from './router';

type Place = Readonly<{ label: string; to: Route; pages: readonly Route['page'][]; icon: ReactNode; admin?: true }>;

const size = { size: 20, 'aria-hidden': true } as const;

const PLACES: readonly Place[] = [
	{ label: 'Rooms', to: ROOMS, pages: ['rooms', 'room'], icon: <Users {...size} /> },
	{ label: 'Recordings', to: RECORDINGS, pages: ['recordings', 'recording'], icon: <Video {...size} /> },
	{ label: 'Attendants', to: { page: 'attendants', search: '' }, pages: ['attendants'], icon: <Radio {...size} /> },
	{ label: 'Webhooks', to: { page: 'webhooks' }, pages: ['webhooks', 'webhook'], icon: <Webhook {...size} /> },
	{ label: 'Tokens', to: { page: 'tokens' }, pages: ['tokens'], icon: <KeyRound {...size} /> },
	{ label: 'Users', to: { page: 'users', search: '' }, pages: ['users'], icon: <UsersRound {...size} />, admin: true },
	{ label: 'Audit log', to: AUDIT, pages: ['audit'], icon: <ScrollText {...size} />, admin: true },
];

/** How many places stand in the bar of a phone; the rest is behind More. */
const IN_BAR = 3;

/** What stands around every page: the name, where one can go, and who is logged in. */
export function Frame({ user, onQuit, children }: { user: User; onQuit: () => void; children: ReactNode }) {
	const places = PLACES.filter(({ admin }) => admin !== true || user.role === 'admin');
	return (
		<div className="frame">
			<header className="top">
				<div className="top-inner">
					<Brand />
					<nav className="places" aria-label="Pages">
						{places.map((place, index) => (
							<PlaceLink key={place.label} place={place} rest={index >= IN_BAR} />
						))}
						<MorePlaces places={places.slice(IN_BAR)} />
					</nav>
					<div className="who">
						<CircleUser size={20} aria-hidden="true" />
						<span className="who-name truncate" title={user.name}>
							{user.name}
						</span>
						<span className="who-role">{user.role === 'admin' ? 'Admin' : 'Host'}</span>
						<span className="wide">
							<Button kind="plain" onClick={onQuit}>
								Log out
							</Button>
						</span>
						<span className="narrow">
							<IconButton label="Log out" icon={<LogOut size={20} />} tip={{ side: 'below', align: 'end' }} onClick={onQuit} />
						</span>
					</div>
				</div>
			</header>
			<main className="page">{children}</main>
		</div>
	);
}

function PlaceLink({ place: { label, to, pages, icon }, rest }: { place: Place; rest: boolean }) {
	const { route } = useRouter();
	return (
		<Link to={to} className="place" data-rest={rest || undefined} aria-current={pages.includes(route.page) ? 'page' : undefined}>
			{icon}
			<span>{label}</span>
		</Link>
	);
}

function MorePlaces({ places }: { places: readonly Place[] }) {
	const { route, go } = useRouter();
	const within = places.find(({ pages }) => pages.includes(route.page));
	return (
		<span className="more-places">
			<Menu
				label="More pages"
				items={places.map(({ label, to, icon }) => ({ kind: 'action', label, icon, onPick: () => go(to) }))}
				opener={({ ref, ...props }) => (
					<button {...props} ref={ref} type="button" className="place" aria-current={within === undefined ? undefined : 'page'} aria-label={within === undefined ? 'More pages' : `More pages, now ${within.label}`}>
						<Ellipsis {...size} />
						<span>{within?.label ?? 'More'}</span>
					</button>
				)}
			/>
		</span>
	);
}
