import { useEffect, useState } from 'react';
import { languageFor, loadWords } from '../words';
import type { Language, Words } from '../words';

/** The language of the page: the chosen one, or the first of the browser's that it speaks. */
export function pageLanguage(chosen: string): Language {
	return languageFor([chosen, ...navigator.languages]);
}

/** The words of the page. Another language is loaded when it is chosen, and the document says which it is and how it is written. */
export function useLanguage(first: Words, chosen: string): Words {
	const [words, setWords] = useState(() => first);
	useEffect(() => {
		const language = pageLanguage(chosen);
		if (language === words.language) return;
		let wanted = true;
		loadWords(language).then(
			(loaded) => {
				if (wanted) setWords(() => loaded);
			},
			() => undefined, // without the file the page goes on in the language it has
		);
		return () => {
			wanted = false;
		};
	}, [chosen, words]);
	useEffect(() => {
		document.documentElement.lang = words.language;
		document.documentElement.dir = words.dir;
	}, [words]);
	return words;
}
