import type { Target } from './live_api';

export type PushKind = 'details' | 'room' | 'all';

/** What stands in the form that pushes to many. */
export type PushForm = Readonly<{ kind: PushKind; field: string; value: string; room: string; text: string }>;

/** The form as it opens. */
export const blankPush: PushForm = { kind: 'details', field: 'my_id', value: '', room: '', text: '' };

/** What to push to whom, or what is missing, in a sentence. */
export type Parsed = Readonly<{ ok: true; to: Target; info: unknown } | { ok: false; problem: string }>;

/** Reads the form. What begins with a brace or a bracket must be JSON; to a room only text is sent. */
export function parsePush({ kind, field, value, room, text }: PushForm): Parsed {
	const problem = (words: string) => ({ ok: false, problem: words }) as const;
	if (kind === 'details' && (field.trim() === '' || value === '')) return problem('Say which detail must be what, for instance my_id is bob.');
	if (kind === 'room' && room === '') return problem('Choose a room.');
	if (text.trim() === '') return problem('Write a message.');
	const to: Target = kind === 'all' ? { all: true } : kind === 'room' ? { room } : { details: { [field.trim()]: value } };
	if (kind === 'room' || !/^\s*[[{]/.test(text)) return { ok: true, to, info: text };
	try {
		return { ok: true, to, info: JSON.parse(text) as unknown };
	} catch {
		return problem('The message begins like JSON but is none. Mend it, or begin with something else.');
	}
}
