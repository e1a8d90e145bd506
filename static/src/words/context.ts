import { createContext, use } from 'react';
import type { Words } from './words';

/** The words of the page around; there must be some. */
export const WordsContext = createContext<Words | undefined>(undefined);

/** What says things in the viewer's language. */
export function useWords(): Words {
	const words = use(WordsContext);
	if (words === undefined) throw new Error('no words around this component');
	return words;
}
