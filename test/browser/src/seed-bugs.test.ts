// Faults that the seed's page had, each by name, so that none comes back
// (research: numbers 13 to 18 of the list of its bugs).
import { expect, test } from 'vitest';
import { join, open, received, tile } from './chromium.ts';
import { until } from './server.ts';
import { stage } from './stage.ts';

const { server, browser } = await stage();

test('one guest leaving changes nobody else’s microphone or camera', async () => {
	const room = await server.reserve();
	const [ann, bo, cy] = await Promise.all(['red', 'green', 'blue'].map(async (colour) => open(browser, server.url + room.meeting_url, { colour })));
	if (ann === undefined || bo === undefined || cy === undefined) throw new Error('no pages');
	for (const [one, name] of [[ann, 'Ann'], [bo, 'Bo'], [cy, 'Cy']] as const) await join(one.page, name);
	await tile(ann.page, 'Cy').and(ann.page.locator('[data-state=picture]')).waitFor();
	await bo.page.getByRole('button', { name: 'Mute microphone' }).click();
	await cy.page.getByRole('button', { name: 'Leave meeting' }).click();
	await tile(ann.page, 'Cy').waitFor({ state: 'detached' });
	await tile(bo.page, 'Cy').waitFor({ state: 'detached' });
	for (const { page } of [ann, bo]) expect(await page.getByRole('button', { name: 'Turn off camera' }).count()).toBe(1);
	expect(await ann.page.getByRole('button', { name: 'Mute microphone' }).count()).toBe(1);
	expect(await bo.page.getByRole('button', { name: 'Unmute microphone' }).count()).toBe(1);
	const before = await received(bo.page);
	await until('Bo to go on seeing and hearing Ann', async () => {
		const now = await received(bo.page);
		return now.frames > before.frames && now.energy > before.energy;
	});
	await Promise.all([ann, bo, cy].map(async (one) => one.context.close()));
});

test('a fragment in the address does no harm', async () => {
	const room = await server.reserve();
	const one = await open(browser, `${server.url}${room.meeting_url}#top`);
	await join(one.page, 'Ann');
	expect(one.problems).toEqual([]);
	await one.context.close();
});

test('a mute button never says the opposite, however often one rejoins', async () => {
	const room = await server.reserve();
	const one = await open(browser, server.url + room.meeting_url);
	await join(one.page, 'Ann');
	for (let i = 0; i < 3; i++) {
		await one.page.getByRole('button', { name: 'Mute microphone' }).click();
		await one.page.getByRole('article', { name: /^Ann.*muted/ }).waitFor();
		await one.page.getByRole('button', { name: 'Leave meeting' }).click();
		await one.page.getByRole('button', { name: 'Rejoin' }).click();
		await join(one.page, 'Ann');
		const muted = await one.page.getByRole('button', { name: 'Unmute microphone' }).count();
		expect(await one.page.getByRole('article', { name: /^Ann.*muted/ }).count()).toBe(muted);
		if (muted === 1) await one.page.getByRole('button', { name: 'Unmute microphone' }).click();
		await one.page.getByRole('article', { name: /^Ann(?!.*muted)/ }).waitFor();
	}
	expect(one.problems).toEqual([]);
	await one.context.close();
});

test('the page asks for ICE servers from nowhere else and loads nothing from other hosts', async () => {
	const room = await server.reserve();
	const one = await open(browser, 'about:blank');
	const hosts = new Set<string>();
	one.page.on('request', (request) => { if (request.url().startsWith('http')) hosts.add(new URL(request.url()).origin); });
	await one.page.goto(server.url + room.meeting_url);
	await join(one.page, 'Ann');
	expect([...hosts]).toEqual([server.url]);
	await one.context.close();
});

test('nothing moves about when one joins', async () => {
	const room = await server.reserve(60, 'Steady');
	const other = await open(browser, server.url + room.meeting_url, { colour: 'green' });
	await join(other.page, 'Bo');
	const one = await open(browser, server.url + room.meeting_url);
	await one.page.getByRole('heading', { name: 'Steady' }).waitFor();
	await one.page.evaluate(() => {
		const w = window as unknown as { plenumShift: number };
		w.plenumShift = 0;
		new PerformanceObserver((list) => {
			for (const entry of list.getEntries()) w.plenumShift += (entry as unknown as { value: number }).value;
		}).observe({ type: 'layout-shift' });
	});
	await join(one.page, 'Ann');
	await tile(one.page, 'Bo').and(one.page.locator('[data-state=picture]')).waitFor();
	expect(await one.page.evaluate(() => (window as unknown as { plenumShift: number }).plenumShift)).toBeLessThan(0.1);
	await Promise.all([one, other].map(async (page) => page.context.close()));
});
