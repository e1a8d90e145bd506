import { KeyRound, Trash2 } from 'lucide-react';
import { useContext, useState } from 'react';
import type { SyntheticEvent } from 'react';
import { Button, Dialog, Select, TextField } from '../design';
import { away, moment } from './format';
import { Columns, CopyLine, Empty, here, Loaded, PageHead, State } from './parts';
import { createToken, deleteToken, listTokens } from './people_api';
import type { Scope, Token } from './people_api';
import { useAction, usePoll } from './poll';
import { FormFailure } from './reserve';
import { Ticks } from './room_form';
import { SessionContext } from './session';
import { Sure } from './sure';
import type { Question } from './sure';
import { failureWords } from './words';

const EVERY_MS = 15_000;

/** Keys with which programs act for a user. */
export function TokensPage() {
	const { user } = useContext(SessionContext);
	const poll = usePoll(listTokens, EVERY_MS);
	const [making, setMaking] = useState(false);
	const [revoking, setRevoking] = useState<Token | null>(null);
	return (
		<>
			<PageHead title="API tokens" lead={user.role === 'admin' ? 'Keys with which programs act for a user. You see everybody’s.' : 'Keys with which programs act for you.'}>
				<Button kind="filled" icon={<KeyRound size={20} aria-hidden="true" />} onClick={() => setMaking(true)}>
					Make a token
				</Button>
			</PageHead>
			<Loaded poll={poll} title="The tokens can’t be shown" rows={3}>
				{(tokens) =>
					tokens.length === 0 ? (
						<Empty icon={<KeyRound size={24} />} title="No tokens yet">
							<p>A program that reserves rooms or pushes messages logs in with a token instead of a password. It may do no more than its scopes say, and you can revoke it at any time.</p>
						</Empty>
					) : (
						<TokenTable tokens={tokens} now={poll.at} whose={user.role === 'admin'} onRevoke={setRevoking} />
					)
				}
			</Loaded>
			<Dialog open={making} title="Make an API token" onClose={() => setMaking(false)}>
				{making ? <TokenForm onClose={() => setMaking(false)} onDone={poll.refresh} /> : null}
			</Dialog>
			<Sure question={revoking === null ? null : revokeQuestion(revoking)} onClose={() => setRevoking(null)} onDone={poll.refresh} />
		</>
	);
}

function TokenTable({ tokens, now, whose, onRevoke }: { tokens: readonly Token[]; now: number; whose: boolean; onRevoke: (token: Token) => void }) {
	return (
		<div className="card">
			<table className="list tokens">
				<Columns of={['Token', 'May', 'Made', 'Expires']} />
				<tbody>
					{tokens.map((token) => (
						<tr key={token.id}>
							<td className="cell-main">
								<span className="name">{token.name}</span>
								{whose ? <span className="second">Acts for {token.user.name}</span> : null}
							</td>
							<td className="cell-who">{scopeWords(token.scopes)}</td>
							<td className="cell-when">{moment(token.created_at, now, here())}</td>
							<td className="cell-state">{expiry(token, now)}</td>
							<td className="cell-do">
								<div className="actions">
									<Button icon={<Trash2 size={16} aria-hidden="true" />} aria-label={`Revoke ${token.name}`} onClick={() => onRevoke(token)}>
										Revoke
									</Button>
								</div>
							</td>
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}

function expiry({ expires_at }: Token, now: number) {
	if (expires_at === 0) return <State tone="quiet">Never</State>;
	if (expires_at <= now) return <State tone="danger">Expired {away(expires_at, now)}</State>;
	return <State tone={expires_at - now < 7 * 86_400_000 ? 'warning' : 'good'}>{moment(expires_at, now, here())}</State>;
}

/** What scopes let a token do, in words. */
export function scopeWords(scopes: readonly Scope[]): string {
	const words = scopes.map((scope) => ({ read: 'see', write: 'change', push: 'push' })[scope]);
	return new Intl.ListFormat('en-GB').format(words).replace(/^./, (first) => first.toUpperCase());
}

const SCOPES: readonly Readonly<{ value: Scope; label: string; hint: string }>[] = [
	{ value: 'read', label: 'See', hint: 'Rooms, participants, attendance, recordings' },
	{ value: 'write', label: 'Change', hint: 'Reserve, extend, cancel, moderate, delete' },
	{ value: 'push', label: 'Push', hint: 'Send messages to attendants and meetings' },
];

const LASTS = [
	{ value: '30', label: '30 days' },
	{ value: '90', label: '90 days' },
	{ value: '365', label: 'A year' },
	{ value: '', label: 'Until it is revoked' },
];

function TokenForm({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
	const [name, setName] = useState('');
	const [scopes, setScopes] = useState<readonly Scope[]>(['read']);
	const [days, setDays] = useState('90');
	const [tried, setTried] = useState(false);
	const [made, setMade] = useState<Token | null>(null);
	const { busy, failure, run } = useAction();
	const submit = (event: SyntheticEvent) => {
		event.preventDefault();
		setTried(true);
		if (name.trim() === '' || scopes.length === 0) return;
		const expires = days === '' ? {} : { expires_at: new Date(Date.now() + Number(days) * 86_400_000).toISOString() };
		run(async (signal) => {
			setMade(await createToken({ name: name.trim(), scopes, ...expires }, signal));
			onDone();
		});
	};
	if (made !== null) return <MadeToken token={made} onClose={onClose} />;
	return (
		<form className="form" onSubmit={submit} noValidate>
			<TextField label="Name" placeholder="Build server" maxLength={100} value={name} error={tried && name.trim() === '' ? 'Enter a name, so that you know it later.' : undefined} onChange={(event) => setName(event.currentTarget.value)} />
			<Ticks legend="It may" values={scopes} options={SCOPES} onPick={setScopes} hint={tried && scopes.length === 0 ? <span className="error">Choose at least one.</span> : undefined} />
			<Select label="Works for" options={LASTS} value={days} onPick={setDays} />
			<FormFailure words={failure === null ? null : failureWords(failure)} />
			<Button kind="filled" size="large" type="submit" disabled={busy} aria-busy={busy}>
				{busy ? 'Making…' : 'Make token'}
			</Button>
		</form>
	);
}

function MadeToken({ token, onClose }: { token: Token; onClose: () => void }) {
	return (
		<div className="form made">
			<CopyLine label={`Token “${token.name}”`} value={token.token} hint="Copy it now. It is shown this once and can’t be read again." />
			<CopyLine label="Try it" value={`curl -H 'Authorization: Bearer ${token.token}' '${location.origin}/api/v1/rooms'`} />
			<div className="made-do">
				<Button kind="filled" onClick={onClose}>
					I have copied it
				</Button>
			</div>
		</div>
	);
}

function revokeQuestion({ id, name }: Token): Question {
	return {
		title: `Revoke “${name}”`,
		text: 'Programs that use it are refused from now on. This can’t be undone.',
		action: 'Revoke token',
		done: `The token “${name}” was revoked.`,
		work: (signal) => deleteToken(id, signal),
	};
}
