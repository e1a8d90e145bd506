import { describe, expect, it } from 'vitest';
import { ar } from './ar';
import { de } from './de';
import { en } from './en';
import { es } from './es';
import { fr } from './fr';
import { hi } from './hi';
import { createWords, languageFor, LANGUAGES, localeFor } from './words';
import type { Catalogue, Key, Language, Message } from './words';

const catalogues: Readonly<Record<Language, Catalogue>> = { en, de, fr, es, hi, ar };
const keys = Object.keys(en) as Key[];
const formsOf = (message: Message): readonly (readonly [string, string])[] => (typeof message === 'string' ? [['', message]] : Object.entries(message));
const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].flatMap(([, name]) => name ?? []);

/** The plural categories that whole numbers have in a language. */
function categories(language: Language): Set<string> {
	const rules = new Intl.PluralRules(language);
	return new Set(Array.from({ length: 201 }, (_, count) => rules.select(count)));
}

describe.each(LANGUAGES)('the catalogue of %s', (language) => {
	const catalogue = catalogues[language];

	it('has every key and no other', () => {
		expect(Object.keys(catalogue).sort()).toEqual([...keys].sort());
	});

	it('has the placeholders of English', () => {
		for (const key of keys) {
			const wanted = new Set(formsOf(en[key]).flatMap(([, text]) => placeholders(text)));
			for (const [form, text] of formsOf(catalogue[key])) {
				const have = new Set(placeholders(text));
				if (wanted.has('count') && ['zero', 'one', 'two'].includes(form)) have.add('count'); // may be named in words
				expect([key, form, [...have].sort()]).toEqual([key, form, [...wanted].sort()]);
				expect(text.trim()).not.toBe('');
			}
		}
	});

	it('has the plural forms of the language', () => {
		const wanted = [...categories(language)].sort();
		for (const key of keys) {
			const message: Message = catalogue[key];
			if (typeof message !== 'string') expect([key, Object.keys(message).sort()]).toEqual([key, wanted]);
		}
	});

	it('ends a sentence where English ends one', () => {
		const ends = (text: string) => /[.。।]$/.test(text);
		const wrong = keys.filter((key) => {
			const [first] = formsOf(en[key]);
			return formsOf(catalogue[key]).some(([, text]) => ends(text) !== ends(first?.[1] ?? ''));
		});
		expect(wrong.filter((key) => !key.startsWith('time.') && key !== 'bar.stopRecording.short')).toEqual([]);
	});
});

it('translates all but what is the same in the language', () => {
	for (const language of LANGUAGES.filter((one) => one !== 'en')) {
		const same = keys.filter((key) => typeof en[key] === 'string' && en[key].replace(/\{\w+\}/g, '').length > 12 && catalogues[language][key] === en[key]);
		expect([language, same]).toEqual([language, []]);
	}
});

describe('createWords', () => {
	const t = createWords('en', en);
	it('fills in names and numbers', () => {
		expect(t('app.you', { name: 'Ann' })).toBe('Ann (you)');
		expect(t('host.endText', { count: 1200 })).toMatch(/^All 1,200 participants/);
		expect(t('names.more', { names: 'Ann', count: 1 })).toBe('Ann and 1 other');
	});
	it('takes what stands in a name as it is', () => {
		expect(t('app.you', { name: '{name} $& <b>' })).toBe('{name} $& <b> (you)');
	});
	it('keeps a name of the other direction to itself', () => {
		expect(t('app.you', { name: 'ليلى' })).toBe('\u2068ليلى\u2069 (you)');
		expect(createWords('ar', ar)('app.you', { name: 'Ann' })).toBe('\u2068Ann\u2069 (أنت)');
	});
	it('counts in Arabic', () => {
		const a = createWords('ar', ar);
		const counts = [0, 1, 2, 3, 11, 100].map((count) => a('bar.unread', { count }));
		expect(new Set(counts).size).toBe(6);
		expect(a.dir).toBe('rtl');
	});
	it('writes numbers as the region does', () => {
		expect(createWords('de', de, 'de-CH').number(1234.5)).toMatch(/^1['’]234\.5$/);
		expect(createWords('de', de).number(1234.5)).toBe('1.234,5');
	});
});

describe('languageFor', () => {
	it.each([
		[['de-AT', 'en'], 'de'],
		[['nl', 'fr-CA'], 'fr'],
		[['HI-in'], 'hi'],
		[['ja'], 'en'],
		[['', 'es'], 'es'],
		[[], 'en'],
	])('%j is %s', (wanted, want) => {
		expect(languageFor(wanted)).toBe(want);
	});
	it('takes dates and numbers from the region', () => {
		expect(localeFor('de', ['en-GB', 'de-AT'])).toBe('de-AT');
		expect(localeFor('de', ['en-GB'])).toBe('de');
	});
});
