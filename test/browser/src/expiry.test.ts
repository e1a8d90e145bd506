import { expect, test } from 'vitest';
import { join, open } from './chromium.ts';
import { stage } from './stage.ts';

const { server, browser } = await stage();

test('a meeting whose reserved minute is over ends for everybody, and all its URLs answer 404', async () => {
	const room = await server.reserve(1);
	const ann = await open(browser, server.url + room.host_url);
	const bo = await open(browser, server.url + room.meeting_url, { phone: true });
	await join(ann.page, 'Ann');
	await join(bo.page, 'Bo');
	for (const { page } of [ann, bo]) {
		await page.getByText(/meeting (has )?ended/i).first().waitFor({ timeout: 90_000 });
		expect(await page.getByRole('button', { name: 'Leave meeting' }).count()).toBe(0);
	}
	const id = room.meeting_url.split('/')[2] ?? '';
	for (const path of [room.meeting_url, `${room.meeting_url}ice`, `/api/v1/rooms/${id}/lobby`, `/api/v1/rooms/${id}/ws`]) {
		expect((await fetch(server.url + path)).status, path).toBe(404);
	}
	expect(ann.problems).toEqual([]);
});
