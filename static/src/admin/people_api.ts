import { ask, get, query, seg, send } from './http';
import { amount, dictionary, flag, instant, list, object, oneOf, optional, text } from './shape';

export type Role = 'admin' | 'host';

/** Somebody who can log in. */
export type Account = Readonly<{ id: number; name: string; role: Role; disabled: boolean; allow_from: readonly string[]; created_at: number }>;

const account = object<Account>({
	id: amount,
	name: text,
	role: oneOf<Role>(['admin', 'host']),
	disabled: optional(flag, false),
	allow_from: optional(list(text), []),
	created_at: instant,
});

/** Everybody who can log in; for admins. */
export async function listUsers(signal: AbortSignal): Promise<readonly Account[]> {
	return (await get('/users', object<Readonly<{ users: readonly Account[] }>>({ users: list(account) }), signal)).users;
}

export type NewAccount = Readonly<{ username: string; password: string; role: Role; allow_from: readonly string[] }>;

/** Adds a user. */
export function createUser(wish: NewAccount, signal: AbortSignal): Promise<Account> {
	return ask('POST', '/users', account, signal, wish);
}

/** Changes a user; what is left out stays. */
export function changeUser(id: number, change: Partial<Readonly<{ role: Role; disabled: boolean; allow_from: readonly string[]; password: string }>>, signal: AbortSignal): Promise<Account> {
	return ask('PATCH', `/users/${seg(id)}`, account, signal, change);
}

/** Deletes a user. One who has reserved rooms is refused with status 409. */
export function deleteUser(id: number, signal: AbortSignal): Promise<void> {
	return send('DELETE', `/users/${seg(id)}`, signal);
}

export type Scope = 'read' | 'write' | 'push';

/** An API token. Its text is "" but in the answer that made it; expires_at is 0 when it never does. */
export type Token = Readonly<{ id: number; name: string; user: Readonly<{ id: number; name: string }>; scopes: readonly Scope[]; created_at: number; expires_at: number; token: string }>;

const token = object<Token>({
	id: amount,
	name: text,
	user: object({ id: amount, name: text }),
	scopes: list(oneOf<Scope>(['read', 'write', 'push'])),
	created_at: instant,
	expires_at: optional(instant, 0),
	token: optional(text, ''),
});

/** The API tokens: of all for admins, else one's own. */
export async function listTokens(signal: AbortSignal): Promise<readonly Token[]> {
	return (await get('/tokens', object<Readonly<{ tokens: readonly Token[] }>>({ tokens: list(token) }), signal)).tokens;
}

/** Makes a token that acts for the caller. */
export function createToken(wish: Readonly<{ name: string; scopes: readonly Scope[]; expires_at?: string }>, signal: AbortSignal): Promise<Token> {
	return ask('POST', '/tokens', token, signal, wish);
}

/** Revokes a token. */
export function deleteToken(id: number, signal: AbortSignal): Promise<void> {
	return send('DELETE', `/tokens/${seg(id)}`, signal);
}

export type AuditOutcome = 'ok' | 'refused' | 'throttled' | 'failed';

/** A line of the audit log. */
export type AuditEntry = Readonly<{
	id: number;
	at: number;
	actor: Readonly<{ kind: string; id: string; name: string }>;
	address: string;
	action: string;
	object: string;
	outcome: AuditOutcome;
	details: Readonly<Record<string, string>>;
}>;

export type AuditPage = Readonly<{ entries: readonly AuditEntry[]; next: string }>;

const auditEntry = object<AuditEntry>({
	id: amount,
	at: instant,
	actor: object({ kind: text, id: optional(text, ''), name: optional(text, '') }),
	address: optional(text, ''),
	action: text,
	object: optional(text, ''),
	outcome: oneOf<AuditOutcome>(['ok', 'refused', 'throttled', 'failed'], 'failed'),
	details: optional(dictionary(text), {}),
});

export type AuditQuery = Readonly<{ actor: string; action: string; object: string; from: string; before: string; after: string }>;

/** A page of the audit log, newest first; for admins. */
export function listAudit(wish: AuditQuery, signal: AbortSignal): Promise<AuditPage> {
	return get(`/audit${query({ ...wish, limit: 100 })}`, object<AuditPage>({ entries: list(auditEntry), next: optional(text, '') }), signal);
}
