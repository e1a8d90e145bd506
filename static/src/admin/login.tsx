import { useEffect, useRef, useState } from 'react';
import type { SyntheticEvent } from 'react';
import { Button, TextField } from '../design';
import { failureOf, logIn } from './api';
import type { User } from './model';
import { logInWords } from './words';

/** The name of the product with its sign. */
export function Brand() {
	return (
		<span className="brand">
			<svg className="brand-sign" viewBox="0 0 24 24" aria-hidden="true">
				<rect x="2" y="3" width="9" height="8" rx="2" />
				<rect x="13" y="3" width="9" height="8" rx="2" />
				<rect x="2" y="13" width="9" height="8" rx="2" />
				<circle cx="17.5" cy="17" r="4" />
			</svg>
			Plenum
		</span>
	);
}

/** What somebody sees who is not logged in. */
export function LogInPage({ onIn }: { onIn: (user: User) => void }) {
	useEffect(() => {
		document.title = 'Log in · Plenum';
	}, []);
	return (
		<main className="login">
			<div className="login-card">
				<Brand />
				<div className="login-words">
					<h1>Log in</h1>
					<p className="quiet">To reserve rooms, see who is in them, and play recordings.</p>
				</div>
				<LogInForm name="" onIn={onIn} />
				<p className="hint">Here for a meeting? Open the link you were sent; you need no account.</p>
			</div>
		</main>
	);
}

/** Asks for a username and a password. */
export function LogInForm({ name, onIn }: { name: string; onIn: (user: User) => void }) {
	const [username, setUsername] = useState(name);
	const [password, setPassword] = useState('');
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState<string | null>(null);
	const life = useRef<AbortController>(null);
	useEffect(() => () => life.current?.abort(), []);
	const submit = (event: SyntheticEvent) => {
		event.preventDefault();
		if (username.trim() === '' || password === '') {
			setError('Enter your username and your password.');
			return;
		}
		const mine = new AbortController();
		life.current = mine;
		setBusy(true);
		setError(null);
		logIn(username.trim(), password, mine.signal).then(onIn, (reason: unknown) => {
			if (mine.signal.aborted) return;
			setBusy(false);
			setPassword('');
			setError(logInWords(failureOf(reason)));
		});
	};
	return (
		<form className="form" onSubmit={submit} noValidate>
			<TextField
				large
				label="Username"
				autoComplete="username"
				autoCapitalize="none"
				spellCheck={false}
				autoFocus={name === ''}
				value={username}
				onChange={(event) => setUsername(event.currentTarget.value)}
			/>
			<TextField
				large
				label="Password"
				type="password"
				autoComplete="current-password"
				autoFocus={name !== ''}
				value={password}
				onChange={(event) => setPassword(event.currentTarget.value)}
			/>
			{error === null ? null : (
				<p className="form-error" role="alert">
					{error}
				</p>
			)}
			<Button kind="filled" size="large" type="submit" disabled={busy} aria-busy={busy}>
				{busy ? 'Logging in…' : 'Log in'}
			</Button>
		</form>
	);
}
