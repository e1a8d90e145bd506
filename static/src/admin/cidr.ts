/** The entries of an allow-list as typed: one a line, or with commas between them. */
export function parseAllowList(typed: string): Readonly<{ entries: readonly string[]; wrong: string | null }> {
	const entries = [...new Set(typed.split(/[\s,;]+/).filter((entry) => entry !== ''))];
	return { entries, wrong: entries.find((entry) => !isPrefix(entry)) ?? null };
}

/** Whether a text is an address, or a CIDR such as 10.0.0.0/8. The server has the last word. */
export function isPrefix(text: string): boolean {
	const [address = '', bits, ...rest] = text.split('/');
	if (rest.length > 0) return false;
	const most = isV4(address) ? 32 : isV6(address) ? 128 : -1;
	if (most < 0) return false;
	return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
}

function isV4(text: string): boolean {
	const parts = text.split('.');
	return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

function isV6(text: string): boolean {
	if (!/^[0-9a-f:.]+$/i.test(text) || !text.includes(':') || text.includes(':::')) return false;
	const halves = text.split('::');
	if (halves.length > 2) return false;
	const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
	const last = groups.at(-1) ?? '';
	const four = last.includes('.');
	if (four && !isV4(last)) return false;
	const count = groups.length + (four ? 1 : 0);
	const hex = four ? groups.slice(0, -1) : groups;
	return hex.every((group) => /^[0-9a-f]{1,4}$/i.test(group)) && (halves.length === 2 ? count < 8 : count === 8);
}
