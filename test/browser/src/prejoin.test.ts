// Joining before the page knows that it may: the wish is kept.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { launch, open } from './chromium.ts';
import { startServer, type Server } from './server.ts';

let server: Server;
let browser: Browser;
beforeAll(async () => {
	[server, browser] = await Promise.all([startServer(), launch()]);
});
afterAll(async () => {
	await browser.close();
	await server.stop();
});

test('who presses Enter before the room has answered goes in when it has', async () => {
	const room = await server.reserve();
	const { page, context, problems } = await open(browser, 'about:blank');
	let answer = () => undefined as void;
	const asked = new Promise<void>((resolve) => { answer = resolve; });
	await page.route('**/lobby', async (route) => {
		await asked;
		await route.continue();
	});
	await page.goto(server.url + room.meeting_url);
	await page.getByRole('textbox', { name: 'Your name' }).fill('Ann');
	await page.keyboard.press('Enter');
	await page.getByRole('button', { name: 'Joining…' }).waitFor();
	expect(await page.getByRole('button', { name: 'Leave meeting' }).count()).toBe(0);
	await page.keyboard.press('Enter'); // impatience does no harm
	answer();
	await page.getByRole('button', { name: 'Leave meeting' }).waitFor();
	expect(problems).toEqual([]);
	await context.close();
});

test('who pressed Join too early is asked for the passcode when the room wants one', async () => {
	const room = await server.make({ passcode: 'open sesame' });
	const { page, context } = await open(browser, 'about:blank');
	let answer = () => undefined as void;
	const asked = new Promise<void>((resolve) => { answer = resolve; });
	await page.route('**/lobby', async (route) => {
		await asked;
		await route.continue();
	});
	await page.goto(server.url + room.meeting_url);
	await page.getByRole('textbox', { name: 'Your name' }).fill('Ann');
	await page.keyboard.press('Enter');
	await page.getByRole('button', { name: 'Joining…' }).waitFor();
	answer();
	await page.getByText('Enter the passcode from your invitation.').waitFor();
	await page.getByLabel('Passcode').pressSequentially('open sesame'); // the first letter does not join
	await page.keyboard.press('Enter');
	await page.getByRole('button', { name: 'Leave meeting' }).waitFor();
	await context.close();
});

test('a room that opens in a moment: the page counts down, and who pressed Join goes in', async () => {
	const room = await server.make({ start: new Date(Date.now() + 6000).toISOString() });
	const [eager, patient] = await Promise.all([open(browser, server.url + room.meeting_url), open(browser, server.url + room.meeting_url)]);
	for (const { page } of [eager, patient]) await page.getByText(/Opens in 0:0\d/).waitFor();
	await eager.page.getByRole('textbox', { name: 'Your name' }).fill('Ann');
	await eager.page.getByRole('button', { name: 'Join meeting' }).click();
	await eager.page.getByText('You are let in as soon as the meeting opens.').waitFor();
	await eager.page.getByRole('button', { name: 'Cancel' }).click();
	await eager.page.getByText('The meeting is not open yet. Join now, and you are let in when it is.').waitFor();
	await eager.page.getByRole('button', { name: 'Join meeting' }).click();
	await eager.page.getByRole('button', { name: 'Leave meeting' }).waitFor();
	await patient.page.getByText('The meeting is not open yet.').waitFor({ state: 'detached' });
	expect(await patient.page.getByRole('button', { name: 'Join meeting' }).isEnabled()).toBe(true);
	expect([...eager.problems, ...patient.problems]).toEqual([]);
	await Promise.all([eager.context.close(), patient.context.close()]);
});
