import type { Role } from './protocol.gen';

/** What a join link says about who comes by it. The server checks it; a page only reads. */
export type JoinLink = Readonly<{
	role: Role;
	/** Of the one person it is for; undefined lets them choose. */
	name: string | undefined;
	/** In milliseconds since 1970; undefined is never. */
	expiresAt: number | undefined;
}>;

const ROLES: readonly (Role | undefined)[] = [undefined, 'host', 'speaker', 'audience'];

/** Bytes before the name, and of the signature after it (docs/protocol.md). */
const [HEAD, MAC] = [19, 16];

/** Reads a join token; undefined for what is none, such as a room's own host token. */
export function readJoinToken(token: string): JoinLink | undefined {
	const bytes = bytesOf(token);
	if (bytes === undefined || bytes.length < HEAD + MAC) return undefined;
	const view = new DataView(bytes.buffer);
	const length = view.getUint8(HEAD - 1);
	const role = ROLES[view.getUint8(1)];
	if (role === undefined || bytes.length !== HEAD + length + MAC) return undefined;
	try {
		const name = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(HEAD, HEAD + length));
		const expires = view.getUint32(6);
		return { role, name: name === '' ? undefined : name, expiresAt: expires === 0 ? undefined : expires * 1000 };
	} catch {
		return undefined;
	}
}

function bytesOf(base64url: string): Uint8Array<ArrayBuffer> | undefined {
	if (!/^[\w-]+$/.test(base64url)) return undefined;
	try {
		return Uint8Array.from(atob(base64url.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
	} catch {
		return undefined;
	}
}
