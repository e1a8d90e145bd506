/** The browsers whose menus differ. */
export type BrowserFamily = 'chrome' | 'firefox' | 'safari' | 'ios' | 'other';

/** The family of a browser, for words that tell where to click. Nothing else depends on it. */
export function browserFamily(userAgent: string, touchPoints = 0): BrowserFamily {
	if (/iPhone|iPad|iPod/.test(userAgent) || (/Macintosh/.test(userAgent) && touchPoints > 1)) return 'ios'; // an iPad says it is a Mac
	if (/Firefox\//.test(userAgent)) return 'firefox';
	if (/Chrome\/|Chromium\//.test(userAgent)) return 'chrome';
	return /Safari\//.test(userAgent) ? 'safari' : 'other';
}
