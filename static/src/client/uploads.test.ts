import { describe, expect, it } from 'vitest';
import { createUploads, fileAddress } from './uploads';
import type { Send } from './uploads';

type Call = { url: string; ticket: string; progress: (sent: number) => void; answer: (status: number) => void; signal: AbortSignal };

/** Uploads to a server that answers when told to. */
function rig(maxSize = 100) {
	const calls: Call[] = [];
	const send: Send = (url, ticket, _, progress, signal) =>
		new Promise((answer, refuse) => {
			signal.addEventListener('abort', () => refuse(new Error('given up')));
			calls.push({ url, ticket, progress, answer, signal });
		});
	const end = new AbortController();
	const uploads = createUploads({ room: '1.a b', terms: () => ({ ticket: 't', max_size: maxSize }), signal: end.signal, send, pauseMs: 0 });
	const list = () => uploads.list.get();
	const call = (index: number) => calls[index] ?? expect.fail(`no call ${index}`);
	return { uploads, list, calls, call, end };
}

const file = (name: string, text = 'text') => new File([text], name);
const settled = () => new Promise((done) => setTimeout(done)); // until promises have run

describe('uploads', () => {
	it('send a file and forget it when it is there', async () => {
		const { uploads, list, call } = rig();
		uploads.send(file('a b&c.txt'), 'p2');
		expect(call(0).url).toBe('/api/v1/rooms/1.a%20b/files?name=a+b%26c.txt&to=p2');
		expect(call(0).ticket).toBe('t');
		call(0).progress(4);
		expect(list()).toMatchObject([{ name: 'a b&c.txt', size: 4, sent: 4, to: 'p2', problem: undefined }]);
		call(0).answer(201);
		await settled();
		expect(list()).toEqual([]);
	});

	it('send an empty file, which the seed could not', async () => {
		const { uploads, list, call } = rig();
		uploads.send(file('empty', ''));
		call(0).answer(201);
		await settled();
		expect(list()).toEqual([]);
	});

	it('send two at a time', async () => {
		const { uploads, list, calls, call } = rig();
		for (const name of ['a', 'b', 'c']) uploads.send(file(name));
		expect(calls).toHaveLength(2);
		call(0).answer(201);
		await settled();
		expect(calls).toHaveLength(3);
		expect(list().map(({ name }) => name)).toEqual(['b', 'c']);
	});

	it.each([[403, 'forbidden'], [404, 'gone'], [413, 'too_large'], [507, 'full'], [0, 'failed'], [500, 'failed']] as const)('say what %s means', async (status, problem) => {
		const { uploads, list, call } = rig();
		uploads.send(file('a'));
		call(0).answer(status);
		await settled();
		expect(list()).toMatchObject([{ problem, sent: 0 }]);
		uploads.cancel(list()[0]?.key ?? 0);
		expect(list()).toEqual([]);
	});

	it('wait for a server that wants them slower', async () => {
		const { uploads, list, calls, call } = rig();
		uploads.send(file('a'));
		call(0).answer(429);
		await settled();
		await settled();
		expect(calls).toHaveLength(2);
		call(1).answer(201);
		await settled();
		expect(list()).toEqual([]);
	});

	it('do not begin with what is too large', () => {
		const { uploads, list, calls } = rig(3);
		uploads.send(file('a'));
		expect(calls).toEqual([]);
		expect(list()).toMatchObject([{ problem: 'too_large' }]);
	});

	it('are given up by the viewer, under way or not, and by the end of the meeting', async () => {
		const { uploads, list, calls, call, end } = rig();
		for (const name of ['a', 'b', 'c', 'd']) uploads.send(file(name));
		uploads.cancel(3);
		uploads.cancel(1);
		await settled();
		expect(call(0).signal.aborted).toBe(true);
		expect(list().map(({ name }) => name)).toEqual(['b', 'd']);
		expect(calls).toHaveLength(3);
		end.abort();
		await settled();
		expect(list()).toEqual([]);
		expect(call(2).signal.aborted).toBe(true);
	});
});

it('names the address of a file', () => {
	expect(fileAddress('1.a/b', 't&', 'f?')).toBe('/api/v1/rooms/1.a%2Fb/files/f%3F?ticket=t%26');
});
