import { createContext } from 'react';

/** The few words of the design system itself. English, unless the page around says otherwise. */
export const DesignWords = createContext({ close: 'Close', cancel: 'Cancel', dismiss: 'Dismiss' });
