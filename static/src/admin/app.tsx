import { CircleUser, LogOut, Radio, Users, Video } from 'lucide-react';
import { useCallback, useEffect, useId, useMemo, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { Button, IconButton, Notices, useNotices } from '../design';
import { failureOf, logOut, whoAmI } from './api';
import type { Failure } from './api';
import { AttendantsPage } from './attendants';
import { Brand, LogInForm, LogInPage } from './login';
import type { User } from './model';
import { Empty, Failed, PageHead } from './parts';
import { RecordingPage } from './recording';
import { RecordingsPage } from './recordings';
import { RoomsPage } from './rooms';
import type { Route } from './route';
import { Link, RouterProvider, useRouter } from './router';
import { SessionContext } from './session';
import { failureWords } from './words';

/** Who is there: not known yet, nobody, or somebody, whose session may have run out. */
type Login = Readonly<
	{ kind: 'asking' } | { kind: 'failed'; failure: Failure } | { kind: 'out' } | { kind: 'in'; user: User; epoch: number; expired: boolean }
>;

/** The admin pages. */
export function App() {
	return (
		<RouterProvider>
			<Gate />
		</RouterProvider>
	);
}

/** Asks who is logged in, and shows the log in form or the pages. */
function Gate() {
	const [login, setLogin] = useState<Login>({ kind: 'asking' });
	const [tries, setTries] = useState(0);
	useEffect(() => {
		const life = new AbortController();
		whoAmI(life.signal).then(
			(user) => setLogin(user === null ? { kind: 'out' } : { kind: 'in', user, epoch: 0, expired: false }),
			(error: unknown) => {
				if (!life.signal.aborted) setLogin({ kind: 'failed', failure: failureOf(error) });
			},
		);
		return () => life.abort();
	}, [tries]);
	const enter = useCallback((user: User) => {
		setLogin((old) => ({ kind: 'in', user, epoch: old.kind === 'in' ? old.epoch + 1 : 0, expired: false }));
	}, []);
	const expire = useCallback(() => setLogin((old) => (old.kind === 'in' ? { ...old, expired: true } : old)), []);
	const leave = useCallback(() => setLogin({ kind: 'out' }), []);
	const retry = () => {
		setLogin({ kind: 'asking' });
		setTries(tries + 1);
	};
	switch (login.kind) {
		case 'asking':
			return <main className="login" aria-busy="true" aria-label="Loading" />;
		case 'failed':
			return (
				<main className="login">
					<Failed title="The server can’t be reached" failure={login.failure} onRetry={retry} />
				</main>
			);
		case 'out':
			return <LogInPage onIn={enter} />;
		case 'in':
			return <Inside key={login.user.id} login={login} onIn={enter} onExpire={expire} onOut={leave} />;
	}
}

type InsideProps = {
	login: Login & { kind: 'in' };
	onIn: (user: User) => void;
	onExpire: () => void;
	onOut: () => void;
};

/** The pages of somebody who is logged in. When the session runs out, the form comes in front and the page stays. */
function Inside({ login: { user, epoch, expired }, onIn, onExpire, onOut }: InsideProps) {
	const { notices, notify, dismiss } = useNotices();
	const session = useMemo(() => ({ user, epoch, expire: onExpire, notify }), [user, epoch, onExpire, notify]);
	const quit = () => {
		logOut(new AbortController().signal).then(onOut, (error: unknown) => {
			const failure = failureOf(error);
			if (failure.kind === 'expired') onOut();
			else notify({ tone: 'danger', text: `You are still logged in. ${failureWords(failure)}` });
		});
	};
	return (
		<SessionContext value={session}>
			<Frame user={user} onQuit={quit}>
				<Page />
			</Frame>
			<Notices notices={notices} onDismiss={dismiss} />
			{expired ? <Again name={user.name} onIn={onIn} onOut={onOut} /> : null}
		</SessionContext>
	);
}

/** The log in form in front of the page. It can't be dismissed: nothing behind it would answer. */
function Again({ name, onIn, onOut }: { name: string; onIn: (user: User) => void; onOut: () => void }) {
	const ref = useRef<HTMLDialogElement>(null);
	const id = useId();
	useEffect(() => {
		const dialog = ref.current;
		dialog?.showModal();
		dialog?.querySelector<HTMLInputElement>('input[type=password]')?.focus();
		return () => dialog?.close();
	}, []);
	return (
		<dialog ref={ref} className="dialog again" aria-labelledby={id} onCancel={(event) => event.preventDefault()}>
			<header>
				<h2 id={id}>Log in again</h2>
			</header>
			<div className="dialog-body">
				<p>Your session has ended. Log in to go on where you were.</p>
				<LogInForm name={name} onIn={onIn} />
				<Button kind="plain" onClick={onOut}>
					Log in as somebody else
				</Button>
			</div>
		</dialog>
	);
}

const PLACES: readonly Readonly<{ label: string; to: Route; pages: readonly Route['page'][]; icon: ReactNode }>[] = [
	{ label: 'Rooms', to: { page: 'rooms', state: 'open', search: '' }, pages: ['rooms'], icon: <Users size={20} aria-hidden="true" /> },
	{
		label: 'Recordings',
		to: { page: 'recordings', room: '', search: '' },
		pages: ['recordings', 'recording'],
		icon: <Video size={20} aria-hidden="true" />,
	},
	{ label: 'Attendants', to: { page: 'attendants', search: '' }, pages: ['attendants'], icon: <Radio size={20} aria-hidden="true" /> },
];

/** What stands around every page: the name, where one can go, and who is logged in. */
function Frame({ user, onQuit, children }: { user: User; onQuit: () => void; children: ReactNode }) {
	const { route } = useRouter();
	return (
		<div className="frame">
			<header className="top">
				<div className="top-inner">
					<Brand />
					<nav className="places" aria-label="Pages">
						{PLACES.map(({ label, to, pages, icon }) => (
							<Link key={label} to={to} className="place" aria-current={pages.includes(route.page) ? 'page' : undefined}>
								{icon}
								<span>{label}</span>
							</Link>
						))}
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

function Page() {
	const { route } = useRouter();
	switch (route.page) {
		case 'rooms':
			return <RoomsPage state={route.state} search={route.search} />;
		case 'recordings':
			return <RecordingsPage room={route.room} search={route.search} />;
		case 'recording':
			return <RecordingPage key={route.id} id={route.id} />;
		case 'attendants':
			return <AttendantsPage search={route.search} />;
		case 'unknown':
			return <Unknown />;
	}
}

function Unknown() {
	return (
		<>
			<PageHead title="No such page" />
			<Empty icon={<Users size={24} />} title="There is nothing at this address">
				<p>It may have been typed wrong.</p>
				<Link className="button" data-kind="outlined" to={{ page: 'rooms', state: 'open', search: '' }}>
					Go to the rooms
				</Link>
			</Empty>
		</>
	);
}
