import { describe, expect, it } from 'vitest';
import { createWords } from '../words';
import { en } from '../words/en';
import { explainConnection } from './connection-check';

const t = createWords('en', en);

describe('explainConnection', () => {
	it.each([
		['tcp_only', ['a:7882/udp', 'a:7881/tcp'], 'Ask for a:7882/udp, a:7881/tcp to be opened.'],
		['relay_only', ['a:7882/udp'], 'Ask for a:7882/udp to be opened.'],
		['blocked', [], 'ask for the server’s media ports to be opened.'],
		['good', ['a:7882/udp'], 'Your connection is ready for meetings.'],
		['no_server', [], 'The server does not answer.'],
		['unsupported', [], 'This browser can’t take part in meetings.'],
	] as const)('%s', (verdict, ports, want) => {
		expect(explainConnection(t, { verdict, ports })).toContain(want);
	});
});
