import { describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { cutOff, join, open, received, tile } from './chromium.ts';
import { until } from './server.ts';
import { stage } from './stage.ts';

/** Does something to a participant by the menu beside their name. */
async function manage(host: Page, name: string, action: string): Promise<void> {
	const panel = host.getByRole('complementary', { name: 'Participants panel' });
	if (!(await panel.isVisible())) await host.getByRole('button', { name: 'Participants' }).click();
	await panel.getByRole('button', { name: `Manage ${name}` }).last().click();
	await host.getByRole('menuitem', { name: action }).click();
}

const { server, browser } = await stage();

describe('what a host can do', () => {
	/** Ann, a host, and Bo, a guest, who see each other. */
	async function meet() {
		const room = await server.reserve();
		const ann = await open(browser, server.url + room.host_url);
		const bo = await open(browser, server.url + room.meeting_url);
		await join(ann.page, 'Ann');
		await join(bo.page, 'Bo');
		await tile(ann.page, 'Bo').and(ann.page.locator('[data-state=picture]')).waitFor();
		await tile(bo.page, 'Ann').and(bo.page.locator('[data-state=picture]')).waitFor();
		const close = async () => {
			expect([...ann.problems, ...bo.problems]).toEqual([]);
			await Promise.all([ann, bo].map(async (p) => p.context.close()));
		};
		return { room, ann, bo, close };
	}

	test('a host mutes a guest, who unmutes by a click of their own', async () => {
		const { ann, bo, close } = await meet();
		await until('Ann to hear Bo', async () => (await received(ann.page)).energy > 0);
		await manage(ann.page, 'Bo', 'Mute');
		await bo.page.getByText('Ann muted your microphone').waitFor();
		await bo.page.getByRole('button', { name: 'Unmute microphone' }).waitFor();
		await ann.page.getByRole('article', { name: /^Bo.*muted/ }).waitFor();
		await bo.page.getByRole('button', { name: 'Mute microphone', exact: true }).waitFor({ state: 'detached' });
		expect(await ann.page.getByRole('button', { name: 'Mute microphone' }).count()).toBe(1); // the host's own goes on
		expect(await bo.page.getByRole('button', { name: /^Manage/ }).count()).toBe(0);

		await manage(ann.page, 'Bo', 'Ask to unmute');
		await bo.page.getByText('Ann asks you to unmute.').waitFor();
		await bo.page.getByRole('button', { name: 'Unmute', exact: true }).click();
		await ann.page.getByRole('article', { name: /^Bo(?!.*muted)/ }).waitFor();
		const { energy } = await received(ann.page);
		await until('Ann to hear Bo again', async () => (await received(ann.page)).energy > energy);

		await ann.page.getByRole('button', { name: 'Mute everyone' }).click();
		await ann.page.getByRole('article', { name: /^Bo.*muted/ }).waitFor();
		await manage(ann.page, 'Bo', 'Turn off camera');
		await tile(ann.page, 'Bo').and(ann.page.locator('[data-state=avatar]')).waitFor();
		await bo.page.getByRole('button', { name: 'Turn on camera' }).waitFor();
		await close();
	});

	test('a mute that comes while a guest is away holds when they are back', async () => {
		const { ann, bo, close } = await meet();
		await cutOff(bo.context, bo.page);
		await ann.page.getByRole('article', { name: /^Bo.*reconnecting/ }).waitFor();
		await ann.page.getByRole('button', { name: 'Participants' }).click();
		await ann.page.getByRole('button', { name: 'Mute everyone' }).click();
		await bo.context.setOffline(false);
		await bo.page.getByText('Ann muted your microphone').waitFor();
		await bo.page.getByRole('button', { name: 'Unmute microphone' }).waitFor();
		await ann.page.getByRole('article', { name: /^Bo(?!.*reconnecting).*muted/ }).waitFor();
		await close();
	});

	test('a removed guest is told so and stays out', async () => {
		const { ann, bo, close } = await meet();
		await manage(ann.page, 'Bo', 'Remove from meeting');
		await ann.page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
		await bo.page.getByRole('heading', { name: 'You were removed from the meeting' }).waitFor();
		await tile(ann.page, 'Bo').waitFor({ state: 'detached' });
		expect(await bo.page.getByRole('button').count()).toBe(0);
		await close();
	});

	test('nobody new gets into a locked meeting', async () => {
		const { room, ann, bo, close } = await meet();
		await ann.page.getByRole('button', { name: 'Participants' }).click();
		await ann.page.getByRole('button', { name: 'Lock meeting' }).click();
		await bo.page.getByText('The meeting is locked. Nobody new can join.').waitFor();
		await bo.page.getByRole('img', { name: 'The meeting is locked' }).waitFor();

		const cy = await open(browser, server.url + room.meeting_url, { phone: true });
		await cy.page.getByRole('textbox', { name: 'Your name' }).fill('Cy');
		await cy.page.getByRole('button', { name: 'Join meeting' }).click();
		await cy.page.getByRole('heading', { name: 'The meeting is locked' }).waitFor();
		const dee = await open(browser, server.url + room.host_url);
		await join(dee.page, 'Dee'); // a host gets in

		await ann.page.getByRole('button', { name: 'Unlock meeting' }).click();
		await bo.page.getByRole('img', { name: 'The meeting is locked' }).waitFor({ state: 'detached' });
		await cy.page.getByRole('button', { name: 'Try again' }).click();
		await join(cy.page, 'Cy');
		await Promise.all([cy, dee].map(async (p) => p.context.close()));
		await close();
	});

	test('hands go up in order, reactions are seen, and the meeting goes on longer', async () => {
		const { ann, bo, close } = await meet();
		await bo.page.getByRole('button', { name: 'Raise hand' }).click();
		await ann.page.getByText('Bo raised a hand.').waitFor();
		await ann.page.keyboard.press('h');
		await ann.page.getByRole('button', { name: 'Participants' }).click();
		const hands = ann.page.getByRole('region', { name: 'Raised hands' }).getByRole('listitem');
		await until('two hands', async () => (await hands.count()) === 2);
		expect(await hands.first().innerText()).toMatch(/Bo\s+Next to speak/);
		await manage(ann.page, 'Bo', 'Lower hand');
		await bo.page.getByText('Ann lowered your hand.').waitFor();
		await bo.page.getByRole('button', { name: 'Raise hand' }).waitFor();
		await ann.page.getByRole('button', { name: 'Lower hand' }).click();

		await bo.page.getByRole('button', { name: 'React' }).click();
		await bo.page.getByRole('menuitem', { name: 'Applause' }).click();
		await ann.page.getByRole('article', { name: /^Bo.*Applause/ }).waitFor();
		await ann.page.getByRole('article', { name: /^Bo(?!.*Applause)/ }).waitFor();

		await ann.page.getByRole('button', { name: /^Extend meeting/ }).click();
		await ann.page.getByRole('menuitem', { name: '30 minutes longer' }).click();
		await bo.page.getByText('The meeting goes on 30 min longer.').waitFor();
		await bo.page.getByText(/1 h 30 min left/).waitFor();

		await manage(ann.page, 'Bo', 'Make host');
		await ann.page.getByRole('dialog').getByRole('button', { name: 'Make host' }).click();
		await bo.page.getByRole('button', { name: 'Start recording' }).waitFor();
		await close();
	});
});
