// What somebody does to a meeting over HTTP is seen and heard by those in it.
import { expect, test } from 'vitest';
import { join, open } from './chromium.ts';
import { until } from './server.ts';
import { stage } from './stage.ts';

const { server, browser } = await stage();

type Pushed = Readonly<{ delivered: number; gone: number; recipients: readonly { recipient: string; result: string }[] }>;
type Roster = Readonly<{ locked: boolean; participants: readonly { id: string; name: string; sources: readonly { source: string; muted: boolean }[] }[] }>;

test('a caller over HTTP messages, mutes and removes the people in a meeting', async () => {
	const room = await server.reserve();
	const path = `/api/v1/rooms/${room.meeting_url.split('/')[2] ?? ''}`;
	const post = async <T>(to: string, body: unknown): Promise<T> => {
		const r = await server.get(to, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
		expect(r.status, `${to}: ${await r.clone().text()}`).toBe(200);
		return (await r.json()) as T;
	};
	const ann = await open(browser, server.url + room.host_url);
	const bo = await open(browser, server.url + room.meeting_url);
	await join(ann.page, 'Ann');
	await join(bo.page, 'Bo');
	const roster = async () => (await (await server.get(`${path}/participants`)).json()) as Roster;
	const id = await until('Bo with an open microphone', async () =>
		(await roster()).participants.find(({ name, sources }) => name === 'Bo' && sources.some(({ source, muted }) => source === 'microphone' && !muted))?.id);

	const all = await post<Pushed>('/api/v1/push', { to: { room: room.meeting_url.split('/')[2] }, info: 'We move to room 2 <b>soon</b>.' });
	expect([all.delivered, all.gone]).toEqual([2, 0]);
	for (const { page } of [ann, bo]) await page.getByRole('status').getByText('admin to everybody: We move to room 2 <b>soon</b>.').waitFor();
	const one = await post<Pushed>(`${path}/participants/${id}/message`, { info: 'Only you.' });
	expect(one.recipients).toEqual([{ recipient: id, result: 'delivered' }]);
	await bo.page.getByRole('status').getByText('admin to you: Only you.').waitFor();
	expect(await ann.page.getByText('Only you.').count()).toBe(0);
	await bo.page.getByRole('button', { name: 'Dismiss' }).first().click();

	await post(`${path}/participants/${id}/moderate`, { action: 'mute' });
	await bo.page.getByText('admin muted your microphone.').waitFor();
	await bo.page.getByRole('button', { name: 'Unmute microphone' }).waitFor();
	expect((await post<Roster>(`${path}/moderate`, { action: 'lock' })).locked).toBe(true);
	await ann.page.getByText('The meeting is locked.').waitFor();

	expect((await server.get(`${path}/participants/${id}`, { method: 'DELETE' })).status).toBe(204);
	await bo.page.getByText(/removed you/i).first().waitFor();
	await until('Bo to be gone', async () => (await roster()).participants.length === 1);
	expect([...ann.problems, ...bo.problems]).toEqual([]);
});
