import { Lock, Users } from 'lucide-react';
import { useCallback, useContext, useEffect, useId, useMemo, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { Button, Notices, useNotices } from '../design';
import { failureOf, logOut, whoAmI } from './api';
import type { Failure } from './api';
import { AttendantsPage } from './attendants';
import { AuditPage } from './audit';
import { Frame } from './frame';
import { LogInForm, LogInPage } from './login';
import type { User } from './model';
import { Empty, Failed, PageHead } from './parts';
import { RecordingPage } from './recording';
import { RecordingsPage } from './recordings';
import { RoomPage } from './room_page';
import { RoomsPage } from './rooms';
import { ROOMS } from './route';
import { Link, RouterProvider, useRouter } from './router';
import { SessionContext } from './session';
import { TokensPage } from './tokens';
import { UsersPage } from './users';
import { WebhookPage } from './webhook';
import { WebhooksPage } from './webhooks';
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

function Page() {
	const { route } = useRouter();
	switch (route.page) {
		case 'rooms':
			return <RoomsPage route={route} />;
		case 'room':
			return <RoomPage key={route.id} id={route.id} tab={route.tab} />;
		case 'recordings':
			return <RecordingsPage route={route} />;
		case 'recording':
			return <RecordingPage key={route.id} id={route.id} />;
		case 'attendants':
			return <AttendantsPage search={route.search} />;
		case 'webhooks':
			return <WebhooksPage />;
		case 'webhook':
			return <WebhookPage key={route.id} id={route.id} state={route.state} />;
		case 'tokens':
			return <TokensPage />;
		case 'users':
			return (
				<AdminsOnly title="Users">
					<UsersPage search={route.search} />
				</AdminsOnly>
			);
		case 'audit':
			return (
				<AdminsOnly title="Audit log">
					<AuditPage route={route} />
				</AdminsOnly>
			);
		case 'unknown':
			return <Unknown />;
	}
}

/** What only admins see; a host is told so. */
function AdminsOnly({ title, children }: { title: string; children: ReactNode }) {
	const { user } = useContext(SessionContext);
	if (user.role === 'admin') return children;
	return (
		<>
			<PageHead title={title} />
			<Empty icon={<Lock size={24} />} title="This page is for admins">
				<p>You are logged in as a host. Ask somebody who administers this server.</p>
			</Empty>
		</>
	);
}

function Unknown() {
	return (
		<>
			<PageHead title="No such page" />
			<Empty icon={<Users size={24} />} title="There is nothing at this address">
				<p>It may have been typed wrong.</p>
				<Link className="button" data-kind="outlined" to={ROOMS}>
					Go to the rooms
				</Link>
			</Empty>
		</>
	);
}
