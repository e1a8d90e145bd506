/** Turns a value of unknown shape into a T, or throws a ShapeError that names the place. */
export type Shape<T> = (value: unknown, at: string) => T;

/** What the server sent is not what was agreed. */
export class ShapeError extends Error {
	override readonly name = 'ShapeError';
}

/** A string. */
export const text: Shape<string> = (value, at) => (typeof value === 'string' ? value : wrong(at, 'a string', value));

/** A finite number. */
export const amount: Shape<number> = (value, at) =>
	typeof value === 'number' && Number.isFinite(value) ? value : wrong(at, 'a number', value);

/** True or false. */
export const flag: Shape<boolean> = (value, at) => (typeof value === 'boolean' ? value : wrong(at, 'true or false', value));

/** An RFC 3339 time, as milliseconds since 1970. */
export const instant: Shape<number> = (value, at) => {
	const ms = Date.parse(text(value, at));
	return Number.isNaN(ms) ? wrong(at, 'a time', value) : ms;
};

/** A path on this server. Anything a link could leave it by is refused, "//host" and "javascript:" too. */
export const localPath: Shape<string> = (value, at) => {
	const path = text(value, at);
	return /^\/(?![/\\])/.test(path) ? path : wrong(at, 'a path on this server', value);
};

/** A list of one shape. Go sends null for a list without entries. */
export function list<T>(item: Shape<T>): Shape<readonly T[]> {
	return (value, at) => {
		if (value === null) return [];
		if (!Array.isArray(value)) return wrong(at, 'a list', value);
		return value.map((entry: unknown, index) => item(entry, `${at}[${index}]`));
	};
}

/** An object with these fields; others are dropped. */
export function object<T extends object>(fields: { [K in keyof T]-?: Shape<T[K]> }): Shape<Readonly<T>> {
	return (value, at) => {
		if (!isObject(value)) return wrong(at, 'an object', value);
		const names = Object.keys(fields) as (keyof T & string)[];
		const entries = names.map((name) => [name, fields[name](value[name], `${at}.${name}`)]);
		return Object.fromEntries(entries) as T;
	};
}

/** An object used as a dictionary. */
export function dictionary<T>(item: Shape<T>): Shape<Readonly<Record<string, T>>> {
	return (value, at) => {
		if (!isObject(value)) return wrong(at, 'an object', value);
		return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, item(entry, `${at}.${key}`)]));
	};
}

/** One of these words; the fallback, if there is one, stands for words a newer server may use. */
export function oneOf<const T extends string>(words: readonly T[], fallback?: T): Shape<T> {
	return (value, at) => {
		const found = words.find((word) => word === value) ?? fallback;
		return found ?? wrong(at, words.join(' or '), value);
	};
}

/** The shape, or the fallback when the field is absent or null. */
export function optional<T>(shape: Shape<T>, fallback: T): Shape<T> {
	return (value, at) => (value === undefined || value === null ? fallback : shape(value, at));
}

function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrong(at: string, wanted: string, value: unknown): never {
	throw new ShapeError(`${at}: want ${wanted}, have ${value === null ? 'null' : typeof value}`);
}
