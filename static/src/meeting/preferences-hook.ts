import { useCallback, useEffect, useState } from 'react';
import { browserStore, loadPreferences, savePreferences } from '../client';
import type { Preferences } from '../client';

/** The viewer's preferences and how to change them; what changes is remembered, and the theme applied. */
export function usePreferences(): [Preferences, (change: Partial<Preferences>) => void] {
	const [preferences, setPreferences] = useState(() => loadPreferences(browserStore('localStorage')));
	const { theme } = preferences;
	useEffect(() => {
		const root = document.documentElement;
		if (theme === 'system') delete root.dataset['theme'];
		else root.dataset['theme'] = theme;
	}, [theme]);
	useEffect(() => savePreferences(browserStore('localStorage'), preferences), [preferences]);
	const change = useCallback((change: Partial<Preferences>) => setPreferences((old) => ({ ...old, ...change })), []);
	return [preferences, change];
}
