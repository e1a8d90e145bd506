import { useContext, useState } from 'react';
import type { SyntheticEvent } from 'react';
import { Button, Dialog, TextField } from '../design';
import { parseAllowList } from './cidr';
import { TextArea } from './live';
import { changeUser, createUser, deleteUser } from './people_api';
import type { Account, Role } from './people_api';
import { useAction } from './poll';
import { FormFailure } from './reserve';
import { Choices } from './room_form';
import { SessionContext } from './session';
import { Sure } from './sure';
import type { Question } from './sure';
import { failureWords } from './words';

/** What can be done with a user that asks first. */
export type UserAsking = Readonly<{ what: 'password' | 'allow' | 'role' | 'disable' | 'delete'; account: Account }>;

type FormProps = { onClose: () => void; onDone: () => void };

/** The shortest password the server takes. */
const SHORTEST = 10;

const ROLES: readonly Readonly<{ value: Role; label: string }>[] = [
	{ value: 'host', label: 'Host' },
	{ value: 'admin', label: 'Admin' },
];

/** Adds a user. */
export function NewUserDialog({ open, onClose, onDone }: { open: boolean } & FormProps) {
	return (
		<Dialog open={open} title="Add a user" onClose={onClose}>
			{open ? <NewUserForm onClose={onClose} onDone={onDone} /> : null}
		</Dialog>
	);
}

function NewUserForm({ onClose, onDone }: FormProps) {
	const [username, setUsername] = useState('');
	const [password, setPassword] = useState('');
	const [role, setRole] = useState<Role>('host');
	const [allow, setAllow] = useState('');
	const [tried, setTried] = useState(false);
	const { notify } = useContext(SessionContext);
	const { busy, failure, run } = useAction();
	const { entries, wrong } = parseAllowList(allow);
	const noName = username.trim() === '';
	const weak = Array.from(password).length < SHORTEST;
	const submit = (event: SyntheticEvent) => {
		event.preventDefault();
		setTried(true);
		if (noName || weak || wrong !== null) return;
		run(async (signal) => {
			await createUser({ username: username.trim(), password, role, allow_from: entries }, signal);
			notify({ tone: 'good', text: `${username.trim()} can log in now.` });
			onDone();
			onClose();
		});
	};
	return (
		<form className="form" onSubmit={submit} noValidate>
			<TextField label="Username" autoComplete="off" autoCapitalize="none" spellCheck={false} maxLength={64} value={username} error={tried && noName ? 'Enter a name.' : undefined} onChange={(event) => setUsername(event.currentTarget.value)} />
			<PasswordField value={password} error={tried && weak} onChange={setPassword} />
			<Choices legend="Role" name="role" value={role} options={ROLES} onPick={setRole} />
			<p className="form-note">{role === 'admin' ? 'Sees and changes everything on this server.' : 'Reserves rooms and sees what belongs to them.'}</p>
			<AllowField value={allow} wrong={tried ? wrong : null} onChange={setAllow} />
			<FormFailure words={failure === null ? null : failureWords(failure)} />
			<Button kind="filled" size="large" type="submit" disabled={busy} aria-busy={busy}>
				{busy ? 'Adding…' : 'Add user'}
			</Button>
		</form>
	);
}

function PasswordField({ value, error, onChange }: { value: string; error: boolean; onChange: (value: string) => void }) {
	return (
		<TextField
			label="Password"
			type="password"
			autoComplete="new-password"
			maxLength={1024}
			value={value}
			error={error ? `At least ${SHORTEST} characters.` : undefined}
			hint={`At least ${SHORTEST} characters; a few plain words are good. Tell it to them, it is not sent.`}
			onChange={(event) => onChange(event.currentTarget.value)}
		/>
	);
}

function AllowField({ value, wrong, onChange }: { value: string; wrong: string | null; onChange: (value: string) => void }) {
	return (
		<TextArea
			label="May log in from"
			rows={2}
			value={value}
			hint="Addresses and ranges such as 10.0.0.0/8, one a line. Empty: anywhere."
			error={wrong === null ? undefined : `“${wrong}” is no address or range.`}
			onChange={onChange}
		/>
	);
}

/** The dialogs about one user. */
export function UserDialogs({ asking, ...rest }: { asking: UserAsking | null } & FormProps) {
	const form = asking?.what === 'password' || asking?.what === 'allow' ? asking : null;
	const title = form === null ? '' : form.what === 'password' ? `New password for ${form.account.name}` : `Where ${form.account.name} may log in from`;
	return (
		<>
			<Dialog open={form !== null} title={title} onClose={rest.onClose}>
				{form === null ? null : form.what === 'password' ? <PasswordForm account={form.account} {...rest} /> : <AllowForm account={form.account} {...rest} />}
			</Dialog>
			<Sure question={asking !== null && form === null ? questionOf(asking) : null} {...rest} />
		</>
	);
}

function PasswordForm({ account, onClose, onDone }: { account: Account } & FormProps) {
	const [password, setPassword] = useState('');
	const [tried, setTried] = useState(false);
	const { notify } = useContext(SessionContext);
	const { busy, failure, run } = useAction();
	const weak = Array.from(password).length < SHORTEST;
	const submit = (event: SyntheticEvent) => {
		event.preventDefault();
		setTried(true);
		if (weak) return;
		run(async (signal) => {
			await changeUser(account.id, { password }, signal);
			notify({ tone: 'good', text: `${account.name} has a new password.` });
			onDone();
			onClose();
		});
	};
	return (
		<form className="form" onSubmit={submit} noValidate>
			<PasswordField value={password} error={tried && weak} onChange={setPassword} />
			<p className="form-note">Wherever {account.name} is logged in now, they have to log in again.</p>
			<FormFailure words={failure === null ? null : failureWords(failure)} />
			<Button kind="filled" size="large" type="submit" disabled={busy} aria-busy={busy}>
				{busy ? 'Saving…' : 'Set password'}
			</Button>
		</form>
	);
}

function AllowForm({ account, onClose, onDone }: { account: Account } & FormProps) {
	const [allow, setAllow] = useState(account.allow_from.join('\n'));
	const { notify } = useContext(SessionContext);
	const { busy, failure, run } = useAction();
	const { entries, wrong } = parseAllowList(allow);
	const submit = (event: SyntheticEvent) => {
		event.preventDefault();
		if (wrong !== null) return;
		run(async (signal) => {
			await changeUser(account.id, { allow_from: entries }, signal);
			notify({ tone: 'good', text: entries.length === 0 ? `${account.name} may log in from anywhere.` : `${account.name} may log in from ${entries.join(', ')}.` });
			onDone();
			onClose();
		});
	};
	return (
		<form className="form" onSubmit={submit} noValidate>
			<AllowField value={allow} wrong={wrong} onChange={setAllow} />
			<p className="form-note">It counts at once, for sessions and tokens too.</p>
			<FormFailure words={failure === null ? null : failureWords(failure)} />
			<Button kind="filled" size="large" type="submit" disabled={busy || wrong !== null} aria-busy={busy}>
				{busy ? 'Saving…' : 'Save'}
			</Button>
		</form>
	);
}

function questionOf({ what, account }: UserAsking): Question {
	const { id, name } = account;
	if (what === 'role') {
		const role = account.role === 'admin' ? 'host' : 'admin';
		const text = role === 'admin' ? 'They will see and change everything on this server: all rooms, recordings and users.' : 'They will only see rooms and recordings of their own.';
		return { title: `Make ${name} ${role === 'admin' ? 'an admin' : 'a host'}`, text, action: role === 'admin' ? 'Make admin' : 'Make host', done: `${name} is now ${role === 'admin' ? 'an admin' : 'a host'}.`, harmless: true, work: (signal) => changeUser(id, { role }, signal) };
	}
	if (what === 'disable') {
		const text = account.disabled ? 'They can log in again, and their tokens work again.' : 'They are logged out at once and can’t log in; their tokens stop working. Their rooms and recordings stay.';
		return { title: `${account.disabled ? 'Enable' : 'Disable'} ${name}`, text, action: account.disabled ? 'Enable user' : 'Disable user', done: `${name} was ${account.disabled ? 'enabled' : 'disabled'}.`, harmless: account.disabled, work: (signal) => changeUser(id, { disabled: !account.disabled }, signal) };
	}
	return {
		title: `Delete ${name}`,
		text: 'Their tokens and webhooks go too. Somebody who has reserved rooms can’t be deleted, only disabled. This can’t be undone.',
		action: 'Delete user',
		done: `${name} was deleted.`,
		work: (signal) => deleteUser(id, signal),
	};
}
