import { describe, expect, test } from 'vitest';
import { cutOff, descriptions, join, open, received, tile } from './chromium.ts';
import { until } from './server.ts';
import { stage } from './stage.ts';

const { server, browser } = await stage();

describe('a meeting in real browsers', () => {
	test('two meet by the reserved URL, a third costs them no SDP', async () => {
		const room = await server.reserve(60, 'Weekly <b>sync</b>');
		const ann = await open(browser, server.url + room.host_url);
		const bo = await open(browser, server.url + room.meeting_url);
		expect(await ann.page.title()).toContain('Weekly <b>sync</b>');
		await join(ann.page, 'Ann');
		const clicked = Date.now();
		await join(bo.page, 'Bo');
		for (const [who, page] of [['Ann', ann.page], ['Bo', bo.page]] as const) {
			await until(`${who} to see and hear`, async () => {
				const r = await received(page);
				return r.frames > 0 && r.energy > 0;
			});
			await tile(page, who === 'Ann' ? 'Bo' : 'Ann').and(page.locator('[data-state=picture]')).waitFor();
		}
		process.stdout.write(`first picture and sound on both sides ${String(Date.now() - clicked)} ms after Join\n`);

		const before = { ann: await descriptions(ann.page), bo: await descriptions(bo.page) };
		const cy = await open(browser, server.url + room.meeting_url, { phone: true });
		await join(cy.page, 'Cy');
		await tile(ann.page, 'Cy').and(ann.page.locator('[data-state=picture]')).waitFor();
		await tile(bo.page, 'Cy').and(bo.page.locator('[data-state=picture]')).waitFor();
		expect({ ann: await descriptions(ann.page), bo: await descriptions(bo.page) }).toEqual(before);

		const first = await received(ann.page);
		await until('frames to go on', async () => (await received(ann.page)).frames > first.frames + 30);

		await bo.page.getByRole('button', { name: 'Turn off camera' }).click();
		await tile(ann.page, 'Bo').and(ann.page.locator('[data-state=avatar]')).waitFor();
		await bo.page.getByRole('button', { name: 'Turn on camera' }).click();
		await tile(ann.page, 'Bo').and(ann.page.locator('[data-state=picture]')).waitFor();
		await bo.page.getByRole('button', { name: 'Mute microphone' }).click();
		await ann.page.getByRole('article', { name: /^Bo.*muted/ }).waitFor();

		await bo.page.getByRole('button', { name: 'Chat' }).click();
		await bo.page.getByRole('textbox', { name: 'Message' }).fill('hello <script>alert(1)</script>');
		await bo.page.keyboard.press('Enter');
		await ann.page.getByRole('button', { name: /^Chat/ }).click();
		await ann.page.getByText('hello <script>alert(1)</script>').waitFor();

		await cy.page.getByRole('button', { name: 'Leave meeting' }).click();
		await tile(ann.page, 'Cy').waitFor({ state: 'detached' });
		await tile(bo.page, 'Ann').and(bo.page.locator('[data-state=picture]')).waitFor(); // nobody else's camera goes off
		for (const p of [ann, bo, cy]) expect(p.problems).toEqual([]);
		await Promise.all([ann, bo, cy].map(async (p) => p.context.close()));
	});

	test('a page whose connection breaks comes back by itself', async () => {
		const room = await server.reserve();
		const ann = await open(browser, server.url + room.meeting_url);
		const bo = await open(browser, server.url + room.meeting_url);
		await join(ann.page, 'Ann');
		await join(bo.page, 'Bo');
		await tile(ann.page, 'Bo').and(ann.page.locator('[data-state=picture]')).waitFor();
		await cutOff(bo.context, bo.page);
		await ann.page.getByRole('article', { name: /^Bo.*reconnecting/i }).waitFor();
		await bo.context.setOffline(false);
		await ann.page.getByRole('article', { name: /^Bo(?!.*reconnecting)/i }).waitFor();
		const r = await received(bo.page);
		await until('Bo to see frames again', async () => (await received(bo.page)).frames > r.frames + 20);
		await Promise.all([ann, bo].map(async (p) => p.context.close()));
	});

	test('a host ends the meeting for all, and its URLs are gone', async () => {
		const room = await server.reserve();
		const ann = await open(browser, server.url + room.host_url);
		const bo = await open(browser, server.url + room.meeting_url);
		await join(ann.page, 'Ann');
		await join(bo.page, 'Bo');
		expect(await bo.page.getByRole('button', { name: 'Start recording' }).count()).toBe(0);
		await ann.page.getByRole('button', { name: 'End meeting for all' }).click();
		await ann.page.getByRole('dialog').getByRole('button', { name: 'End for everybody' }).click();
		await bo.page.getByText(/ended/i).first().waitFor();
		for (const path of [room.meeting_url, `${room.meeting_url}ice`]) {
			await until(`404 for ${path}`, async () => (await fetch(server.url + path)).status === 404);
		}
		await Promise.all([ann, bo].map(async (p) => p.context.close()));
	});
});
