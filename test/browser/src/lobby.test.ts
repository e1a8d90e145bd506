// Who gets in, and what they may do there: passcode, lobby, roles and consent.
import { expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { join, open, received, tile } from './chromium.ts';
import { until } from './server.ts';
import { stage } from './stage.ts';

const { server, browser } = await stage();

const passcode = 'open sesame';

/** Fills in the form before a meeting and presses Join. */
async function ask(page: Page, name: string, code?: string): Promise<void> {
	await page.getByRole('textbox', { name: 'Your name' }).fill(name);
	if (code !== undefined) await page.getByLabel('Passcode').fill(code);
	await page.getByRole('button', { name: 'Join meeting' }).click();
}

const waits = async (page: Page) => page.getByText('Waiting for a host to let you in').waitFor();
const inside = async (page: Page) => page.getByRole('button', { name: 'Leave meeting' }).waitFor();
const panel = (page: Page) => page.getByRole('complementary', { name: 'Participants panel' });
const waiting = (page: Page) => panel(page).getByRole('region', { name: 'Waiting to be let in' });

async function manage(host: Page, name: string, action: string): Promise<void> {
	await panel(host).getByRole('button', { name: `Manage ${name}` }).last().click();
	await host.getByRole('menuitem', { name: action }).click();
}

/** Turns the lobby on or off; the switch moves when the server says so. */
async function setLobby(page: Page, on: boolean): Promise<void> {
	const lobby = panel(page).getByRole('switch', { name: 'Lobby', checked: !on });
	await lobby.click();
	await panel(page).getByRole('switch', { name: 'Lobby', checked: on }).waitFor();
}

test('a guest gives the passcode, waits, is let in, sent back and let in again, and another is denied', async () => {
	const room = await server.make({ lobby: true, passcode });
	const bo = await open(browser, server.url + room.meeting_url, { colour: 'green' });
	await bo.page.getByText('A host will let you in').waitFor();
	await ask(bo.page, 'Bo', '');
	await bo.page.getByText('Enter the passcode from your invitation.').waitFor();
	await ask(bo.page, 'Bo', 'sesame');
	await bo.page.getByText('This is not the passcode.').waitFor();
	await ask(bo.page, 'Bo', passcode);
	await bo.page.getByText('No host is here yet. Waiting for one to let you in').waitFor();
	expect(await bo.page.getByRole('heading', { level: 1 }).innerText()).toBe('Weekly sync');

	const ann = await open(browser, server.url + room.host_url);
	expect(await ann.page.getByLabel('Passcode').count()).toBe(0);
	await join(ann.page, 'Ann');
	await waits(bo.page);
	await ann.page.getByText('Bo is waiting to be let in').waitFor();
	await ann.page.getByRole('button', { name: 'Admit', exact: true }).click();
	await inside(bo.page); // by itself
	await tile(ann.page, 'Bo').and(ann.page.locator('[data-state=picture]')).waitFor();
	await tile(bo.page, 'Ann').and(bo.page.locator('[data-state=picture]')).waitFor();
	for (const { page } of [ann, bo]) await until('to hear the other', async () => (await received(page)).energy > 0);

	await ann.page.getByRole('button', { name: 'Participants' }).click();
	await manage(ann.page, 'Bo', 'Send to lobby');
	await bo.page.getByText('A host sent you back to the lobby. Waiting to be let in again').waitFor();
	await waiting(ann.page).getByText('Sent back').waitFor();
	await tile(ann.page, 'Bo').waitFor({ state: 'detached' });
	const cy = await open(browser, server.url + room.meeting_url, { colour: 'blue' });
	await ask(cy.page, 'Cy', passcode);
	await waits(cy.page);
	const row = (name: string) => waiting(ann.page).getByRole('listitem').filter({ hasText: name });
	await row('Cy').getByRole('button', { name: 'Deny' }).click();
	await cy.page.getByRole('heading', { name: 'You were not let in' }).waitFor();
	await row('Cy').waitFor({ state: 'detached' });
	await row('Bo').getByRole('button', { name: 'Admit' }).click();
	await inside(bo.page);
	await tile(ann.page, 'Bo').and(ann.page.locator('[data-state=picture]')).waitFor();
	expect([...ann.problems, ...bo.problems, ...cy.problems]).toEqual([]);
	await Promise.all([ann, bo, cy].map(async (one) => one.context.close()));
});

test('a host opens the lobby, lets in all, and turns it off', async () => {
	const room = await server.reserve();
	const ann = await open(browser, server.url + room.host_url);
	await join(ann.page, 'Ann');
	await ann.page.getByRole('button', { name: 'Participants' }).click();
	await setLobby(ann.page, true);
	const guests = await Promise.all(['green', 'blue'].map(async (colour) => open(browser, server.url + room.meeting_url, { colour })));
	for (const [i, { page }] of guests.entries()) {
		await ask(page, `Guest ${String(i)}`);
		await waits(page);
	}
	await waiting(ann.page).getByRole('button', { name: 'Admit all' }).click();
	for (const { page } of guests) await inside(page);
	const last = await open(browser, server.url + room.meeting_url);
	await ask(last.page, 'Dee');
	await waits(last.page);
	await setLobby(ann.page, false);
	await inside(last.page);
	const gone = await open(browser, server.url + room.meeting_url);
	await setLobby(ann.page, true);
	await ask(gone.page, 'Eve');
	await waits(gone.page);
	await gone.page.getByRole('button', { name: 'Leave' }).click();
	await gone.page.getByRole('heading', { name: 'You left the meeting' }).waitFor();
	await waiting(ann.page).waitFor({ state: 'detached' });
	expect([...ann.problems, ...gone.problems]).toEqual([]);
	await Promise.all([ann, last, gone, ...guests].map(async (one) => one.context.close()));
});

test('the audience has no buttons it may not use, and a host gives the meeting over', async () => {
	const room = await server.make({ audience_may: ['hand'] });
	const ann = await open(browser, server.url + room.host_url);
	await join(ann.page, 'Ann');
	const bo = await open(browser, server.url + room.meeting_url, { colour: 'green' });
	await join(bo.page, 'Bo');
	await tile(ann.page, 'Bo').and(ann.page.locator('[data-state=picture]')).waitFor();
	await ann.page.getByRole('button', { name: 'Participants' }).click();
	await manage(ann.page, 'Bo', 'Make audience');
	await bo.page.getByText('Ann made you audience.').waitFor();
	await bo.page.getByText('You watch and listen').waitFor();
	for (const name of [/microphone$/, /camera$/, 'Share screen', 'Chat', 'React', 'Start recording']) expect(await bo.page.getByRole('button', { name }).count(), String(name)).toBe(0);
	await bo.page.getByRole('button', { name: 'Raise hand' }).waitFor();
	await tile(ann.page, 'Bo').and(ann.page.locator('[data-state=avatar]')).waitFor();
	await panel(ann.page).getByText('Audience', { exact: true }).waitFor();
	await bo.page.keyboard.press('v'); // nor by the keys
	await manage(ann.page, 'Bo', 'Make speaker');
	await bo.page.getByText('Ann made you a speaker.').waitFor();
	await bo.page.getByRole('button', { name: 'Turn on camera' }).click();
	await tile(ann.page, 'Bo').and(ann.page.locator('[data-state=picture]')).waitFor();

	await manage(ann.page, 'Bo', 'Hand over host');
	await ann.page.getByRole('dialog').getByRole('button', { name: 'Hand over host' }).click();
	await bo.page.getByText('Ann handed the meeting over to you.').waitFor();
	await bo.page.getByRole('button', { name: 'Start recording' }).click();
	await ann.page.getByRole('button', { name: 'Start recording' }).waitFor({ state: 'detached' });

	await ann.page.getByRole('button', { name: 'Don’t record me' }).click();
	await until('the server to hear of the no', () => server.log().includes('recording answered'));
	await bo.page.getByRole('button', { name: 'OK', exact: true }).click();
	await ann.page.getByRole('button', { name: 'Settings' }).click();
	const settings = ann.page.getByRole('dialog', { name: 'Settings' });
	expect(await settings.getByRole('switch', { name: 'Don’t record me' }).isChecked()).toBe(true);
	await settings.getByRole('switch', { name: 'Don’t record me' }).click();
	await settings.getByRole('button', { name: 'Test connection' }).click();
	await settings.getByText('Your connection is ready for meetings.').waitFor();
	for (const [way, result] of [['UDP', /works, \d+ ms/], ['TCP', /works, \d+ ms/], ['Relay', 'not offered by the server']] as const) await settings.getByRole('listitem').filter({ hasText: way }).getByText(result).waitFor();
	expect([...ann.problems, ...bo.problems]).toEqual([]);
	await Promise.all([ann, bo].map(async (one) => one.context.close()));
});
