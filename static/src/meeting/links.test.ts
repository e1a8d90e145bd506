import { describe, expect, it } from 'vitest';
import { splitLinks } from './links';

const links = (message: string) => splitLinks(message).flatMap((piece) => (piece.kind === 'link' ? [piece.href] : []));

describe('splitLinks', () => {
	it('keeps the words around', () => {
		expect(splitLinks('see https://a.example/x, then go')).toEqual([
			{ kind: 'text', text: 'see ' },
			{ kind: 'link', text: 'https://a.example/x', href: 'https://a.example/x' },
			{ kind: 'text', text: ', then go' },
		]);
	});

	it.each([
		['https://a.example', ['https://a.example/']],
		['(https://a.example/b)', ['https://a.example/b']],
		['https://en.example/wiki/Go_(game)', ['https://en.example/wiki/Go_(game)']],
		['www.a.example!', ['https://www.a.example/']],
		['HTTPS://A.example/Q?x=1&y=2#z.', ['https://a.example/Q?x=1&y=2#z']],
		['http://a.example http://b.example', ['http://a.example/', 'http://b.example/']],
		['zürich https://zürich.example/ß', ['https://xn--zrich-kva.example/%C3%9F']],
		['javascript:alert(1)', []],
		['xhttps://a.example', []],
		['me@www.a.example', []],
		['https://bank.example@evil.example', []],
		['https://', []],
		['www.', []],
		['data:text/html,<b>', []],
		['', []],
	])('%j links to %j', (message, want) => {
		expect(links(message)).toEqual(want);
	});

	it.each(['a https://x.example/"><img src=x onerror=1> b', 'https://x.example.', '...', 'https://a.example/)))))'])('loses nothing of %j', (message) => {
		expect(splitLinks(message).map(({ text }) => text).join('')).toBe(message);
	});
});
