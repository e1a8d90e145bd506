/** Copies text. Browsers have no Clipboard API on a page without TLS, so there the older way is taken. */
export async function copyText(text: string): Promise<void> {
	const { clipboard } = navigator as { clipboard?: Clipboard };
	if (clipboard !== undefined) return clipboard.writeText(text);
	const heard = new AbortController();
	const fill = (event: ClipboardEvent) => {
		event.clipboardData?.setData('text/plain', text);
		event.preventDefault();
	};
	document.addEventListener('copy', fill, { capture: true, signal: heard.signal });
	// eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way without a secure context
	const done = document.execCommand('copy');
	heard.abort();
	if (!done) throw new Error('the browser refused to copy');
}
