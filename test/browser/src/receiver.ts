// A program that a webhook calls: it keeps what it was sent.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a receiver was called with. */
export type Received = Readonly<{ id: string; signature: string; type: string }>;

/** A running receiver on the loopback. It must be closed. */
export type Receiver = Readonly<{ url: string; received: readonly Received[]; /** The status it answers from now on. */ answer: (status: number) => void; close: () => Promise<void> }>;

/** Starts a receiver that answers 204. */
export async function startReceiver(): Promise<Receiver> {
	const received: Received[] = [];
	let status = 204;
	const server = createServer((request, response) => {
		const chunks: Buffer[] = [];
		request.on('data', (chunk: Buffer) => chunks.push(chunk));
		request.on('end', () => {
			const body = JSON.parse(Buffer.concat(chunks).toString()) as { type: string };
			received.push({ id: String(request.headers['webhook-id']), signature: String(request.headers['webhook-signature']), type: body.type });
			response.writeHead(status).end();
		});
	});
	await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
	return {
		url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/plenum`,
		received,
		answer: (next) => { status = next; },
		close: async () => { await new Promise((done) => server.close(done)); },
	};
}

/** The flags with which a test server calls such a receiver. */
export const receiverFlags = ['--webhook-allow-insecure', '--webhook-allow-private', '127.0.0.0/8'] as const;
