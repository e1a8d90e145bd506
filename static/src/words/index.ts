export { useWords, WordsContext } from './context';
export { loadWords } from './load';
export { createWords, LANGUAGE_NAMES, languageFor, LANGUAGES } from './words';
export type { Catalogue, Key, Language, Plural, Words } from './words';
