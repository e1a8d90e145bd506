import type { Catalogue, Language, Words } from './words';
import { createWords, localeFor } from './words';

/** Each catalogue is a file of its own, so that a viewer loads one. */
const catalogues: Readonly<Record<Language, () => Promise<Catalogue>>> = {
	en: async () => (await import('./en')).en,
	de: async () => (await import('./de')).de,
	fr: async () => (await import('./fr')).fr,
	es: async () => (await import('./es')).es,
	hi: async () => (await import('./hi')).hi,
	ar: async () => (await import('./ar')).ar,
};

/** Loads the words of a language, with dates and numbers as in the viewer's own region of it. */
export async function loadWords(language: Language, wanted: readonly string[] = navigator.languages): Promise<Words> {
	return createWords(language, await catalogues[language](), localeFor(language, wanted));
}
