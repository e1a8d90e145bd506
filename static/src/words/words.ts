import type { en } from './en';

/** The forms of a sentence that depend on a count, by plural category (Unicode CLDR). */
export type Plural = Readonly<{ other: string } & Partial<Record<Intl.LDMLPluralRule, string>>>;

/** One entry of a catalogue. Placeholders stand in braces: {name}. */
export type Message = string | Plural;

/** The name of a sentence in every catalogue. */
export type Key = keyof typeof en;

/** The sentences of one language: the keys of English, with plural forms where English has them. */
export type Catalogue = { readonly [K in Key]: (typeof en)[K] extends string ? string : Plural };

type Placeholders<S> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Placeholders<Rest> : never;
type Value = string | number;
type Parameters<M> = M extends string
	? [Placeholders<M>] extends [never]
		? []
		: [Readonly<Record<Placeholders<M>, Value>>]
	: [Readonly<Record<Exclude<Placeholders<M[keyof M]>, 'count'>, Value> & { count: number }>];

/** The languages of the page. */
export const LANGUAGES = ['en', 'de', 'fr', 'es', 'hi', 'ar'] as const;
export type Language = (typeof LANGUAGES)[number];

/** What the languages call themselves, for the one who looks for theirs. */
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { en: 'English', de: 'Deutsch', fr: 'Français', es: 'Español', hi: 'हिन्दी', ar: 'العربية' };

/** Says things in the viewer's language. */
export type Words = {
	<K extends Key>(key: K, ...values: Parameters<(typeof en)[K]>): string;
	readonly language: Language;
	readonly dir: 'ltr' | 'rtl';
	/** The language with its region, for dates and numbers. */
	readonly locale: string;
	/** A number as the language writes it. */
	readonly number: (value: number, options?: Intl.NumberFormatOptions) => string;
	/** Things in a sentence: "Ann, Bo and Cy". */
	readonly list: (items: readonly string[]) => string;
};

/** The first language that both the viewer and the page speak; English when there is none. */
export function languageFor(wanted: readonly string[]): Language {
	for (const tag of wanted) {
		const language = LANGUAGES.find((one) => one === tag.toLowerCase().split('-')[0]);
		if (language !== undefined) return language;
	}
	return 'en';
}

/** The viewer's own region of a language if they have one, for dates and numbers: "de-AT", else "de". */
export function localeFor(language: Language, wanted: readonly string[]): string {
	return wanted.find((tag) => tag.toLowerCase().split('-')[0] === language) ?? language;
}

/** Returns what says the sentences of a catalogue. */
export function createWords(language: Language, catalogue: Catalogue, locale: string = language): Words {
	const dir = language === 'ar' ? 'rtl' : 'ltr';
	const plural = new Intl.PluralRules(language);
	const numbers = new Intl.NumberFormat(locale);
	const lists = new Intl.ListFormat(language === 'en' ? 'en-GB' : language); // no comma before the last "and"
	const show = (value: Value | undefined) => {
		if (value === undefined) return '';
		return typeof value === 'number' ? numbers.format(value) : isolate(value, dir);
	};
	const say = (key: Key, values: Readonly<Record<string, Value>> = {}): string => {
		const message: Message = catalogue[key];
		const text = typeof message === 'string' ? message : (message[plural.select(Number(values['count']))] ?? message.other);
		return text.replace(/\{(\w+)\}/g, (_, name: string) => show(values[name]));
	};
	return Object.assign(say as unknown as Words, {
		language,
		dir,
		locale,
		number: (value: number, options?: Intl.NumberFormatOptions) => (options === undefined ? numbers.format(value) : new Intl.NumberFormat(locale, options).format(value)),
		list: (items: readonly string[]) => lists.format(items.map((item) => isolate(item, dir))),
	} as const);
}

/** Keeps a name that is written the other way from turning the sentence around it (UAX #9, isolates). */
function isolate(text: string, dir: 'ltr' | 'rtl'): string {
	const foreign = dir === 'rtl' ? /\p{Script=Latin}|\p{Nd}|\p{Script=Cyrillic}|\p{Script=Greek}/u : /[\p{Script=Arabic}\p{Script=Hebrew}]/u;
	return foreign.test(text) ? `\u2068${text}\u2069` : text;
}
