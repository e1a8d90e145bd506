// Pictures of every page and main state, from a real server and real browsers
// (npm run screenshots). They go to test/artifacts, which git ignores.
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, test } from 'vitest';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { cutOff, instrument, join, launch, tile } from '../src/chromium.ts';
import { startServer, type Server } from '../src/server.ts';

const out = fileURLToPath(new URL('../../artifacts/', import.meta.url));
const sizes = { desktop: { width: 1440, height: 900 }, tablet: { width: 1024, height: 768 }, phone: { width: 390, height: 844 } } as const;
const themes = ['dark', 'light'] as const;

let server: Server;
let browser: Browser;
beforeAll(async () => {
	await mkdir(out, { recursive: true });
	[server, browser] = await Promise.all([startServer(), launch()]);
});
afterAll(async () => {
	await browser.close();
	await server.stop();
});

/** Replaces the camera by a drawn person before a coloured wall; the microphone is silent. */
function drawnPerson([hue, sway]: [number, number]): void {
	navigator.mediaDevices.getUserMedia = (constraints: MediaStreamConstraints = {}) => {
		const stream = new MediaStream();
		if (constraints.video !== undefined && constraints.video !== false) {
			const canvas = document.createElement('canvas');
			[canvas.width, canvas.height] = [1280, 720];
			const g = canvas.getContext('2d');
			let n = sway;
			const paint = () => {
				if (g === null) return;
				const wall = g.createLinearGradient(0, 0, 1280, 720);
				wall.addColorStop(0, `oklch(0.62 0.07 ${String(hue)})`);
				wall.addColorStop(1, `oklch(0.38 0.08 ${String(hue + 40)})`);
				g.fillStyle = wall;
				g.fillRect(0, 0, 1280, 720);
				const x = 640 + Math.sin(n / 30) * 14;
				g.fillStyle = `oklch(0.3 0.06 ${String(hue + 160)})`;
				g.beginPath();
				g.ellipse(x, 760, 330, 270, 0, 0, 7);
				g.fill();
				g.fillStyle = 'oklch(0.76 0.06 60)';
				g.fillRect(x - 55, 430, 110, 110);
				g.beginPath();
				g.ellipse(x, 330, 125, 160, 0, 0, 7);
				g.fill();
				g.fillStyle = `oklch(0.28 0.04 ${String(30 + (hue % 40))})`;
				g.beginPath();
				g.ellipse(x, 250, 140, 110, 0, Math.PI, 0);
				g.fill();
				n++;
			};
			paint();
			setInterval(paint, 66);
			for (const track of canvas.captureStream(15).getVideoTracks()) stream.addTrack(track);
		}
		if (constraints.audio !== undefined && constraints.audio !== false) {
			const audio = new AudioContext();
			for (const track of audio.createMediaStreamDestination().stream.getAudioTracks()) stream.addTrack(track);
		}
		return Promise.resolve(stream);
	};
}

type Visitor = { page: Page; context: BrowserContext };

async function visit(path: string, size: keyof typeof sizes, theme: (typeof themes)[number], person = 0): Promise<Visitor> {
	const context = await browser.newContext({ viewport: sizes[size], colorScheme: theme, permissions: ['camera', 'microphone'] });
	const page = await context.newPage();
	await instrument(page);
	await page.addInitScript((chosen) => { // the meeting is dark until its viewer says otherwise
		if (localStorage.getItem('plenum.preferences') === null) localStorage.setItem('plenum.preferences', JSON.stringify({ theme: chosen }));
	}, theme);
	await page.addInitScript(drawnPerson, [person * 77 + 20, person * 40] as [number, number]);
	await page.goto(server.url + path);
	return { page, context };
}

const shoot = async (page: Page, name: string) => {
	await page.waitForTimeout(700);
	await page.screenshot({ path: `${out}${name}.png` });
};

test('the meeting', async () => {
	for (const theme of themes) {
		const room = await server.reserve(60, 'Weekly sync');
		const names = ['Ann Lee', 'Bo Chen', 'Cyril Dupont', 'Dana Scully-O’Brien', 'Emeka'];
		const guests: Visitor[] = [];
		for (const [i, name] of names.entries()) {
			if (i === 0) continue;
			const guest = await visit(room.meeting_url, i === 1 ? 'phone' : i === 2 ? 'tablet' : 'desktop', theme, i);
			if (i === 1) await shoot(guest.page, `prejoin-phone-${theme}`);
			await join(guest.page, name);
			if (i === 1) await shoot(guest.page, `alone-phone-${theme}`);
			guests.push(guest);
		}
		await guests[3]?.page.getByRole('button', { name: 'Turn off camera' }).click();
		await guests[2]?.page.getByRole('button', { name: 'Mute microphone' }).click();
		const host = await visit(room.host_url, 'desktop', theme, 0);
		await host.page.getByRole('textbox', { name: 'Your name' }).fill('Ann Lee');
		await shoot(host.page, `prejoin-desktop-${theme}`);
		await join(host.page, 'Ann Lee');
		await tile(host.page, 'Bo').and(host.page.locator('[data-state=picture]')).waitFor();
		await host.page.getByRole('button', { name: 'Start recording' }).click();
		await host.page.waitForTimeout(6000); // notices are gone
		await shoot(host.page, `meeting-desktop-${theme}`);
		for (const [i, size] of [[0, 'phone'], [1, 'tablet']] as const) {
			const page = guests[i]?.page;
			if (page === undefined) continue;
			await shoot(page, `meeting-${size}-${theme}`);
			await page.getByRole('button', { name: /^Chat/ }).click();
			await page.getByRole('textbox', { name: 'Message' }).fill('The agenda is at https://example.org/agenda');
			await page.keyboard.press('Enter');
			await shoot(page, `chat-${size}-${theme}`);
			await page.getByRole('button', { name: 'Close panel' }).click();
		}
		await guests[2]?.page.getByRole('button', { name: 'Raise hand' }).click();
		await guests[3]?.page.getByRole('button', { name: 'React' }).click();
		await guests[3]?.page.getByRole('menuitem', { name: 'Applause' }).click();
		await host.page.getByRole('button', { name: 'Participants' }).click();
		await host.page.getByRole('button', { name: 'Lock meeting' }).click();
		await shoot(host.page, `participants-desktop-${theme}`);
		await host.page.getByRole('complementary').getByRole('button', { name: 'Manage Bo Chen' }).click();
		await shoot(host.page, `manage-desktop-${theme}`);
		await host.page.keyboard.press('Escape');
		await host.page.getByRole('button', { name: /^Extend meeting/ }).click();
		await shoot(host.page, `extend-desktop-${theme}`);
		await host.page.keyboard.press('Escape');
		const late = await visit(room.meeting_url, 'phone', theme, 6);
		await late.page.getByRole('textbox', { name: 'Your name' }).fill('Faye');
		await late.page.getByRole('button', { name: 'Join meeting' }).click();
		await late.page.getByRole('heading', { name: 'The meeting is locked' }).waitFor();
		await shoot(late.page, `locked-phone-${theme}`);
		await late.context.close();
		await host.page.getByRole('button', { name: 'Settings' }).click();
		await shoot(host.page, `settings-desktop-${theme}`);
		await host.page.keyboard.press('Escape');
		const lost = guests[2];
		if (lost !== undefined) {
			await cutOff(lost.context, lost.page);
			await host.page.waitForTimeout(1500);
			await shoot(host.page, `other-reconnecting-desktop-${theme}`);
			await shoot(lost.page, `reconnecting-desktop-${theme}`);
		}
		await host.page.getByRole('button', { name: 'End meeting for all' }).click();
		await shoot(host.page, `end-dialog-desktop-${theme}`);
		await host.page.getByRole('button', { name: 'End for everybody' }).click();
		await host.page.waitForTimeout(800);
		await shoot(host.page, `over-desktop-${theme}`);
		await shoot(guests[0]?.page ?? host.page, `over-phone-${theme}`);
		await Promise.all([host, ...guests].map(async (v) => v.context.close()));
	}
}, 300_000);

test('the meeting in other languages, and what lies over it', async () => {
	for (const [language, leave, more, settings, size, theme] of [
		['ar', 'مغادرة الاجتماع', 'المزيد', 'الإعدادات', 'desktop', 'dark'],
		['ar', 'مغادرة الاجتماع', 'المزيد', undefined, 'phone', 'light'],
		['de', 'Besprechung verlassen', 'Mehr', 'Einstellungen', 'tablet', 'light'],
		['de', 'Besprechung verlassen', 'Mehr', undefined, 'phone', 'dark'],
	] as const) {
		const room = await server.reserve(60, 'Weekly sync');
		const guest = await visit(room.meeting_url, 'desktop', theme, 3);
		await join(guest.page, 'Bo Chen');
		const { page, context } = await visit('/healthz', size, theme, 1);
		await page.evaluate((chosen) => { localStorage.setItem('plenum.preferences', JSON.stringify(chosen)); }, { theme, language, name: 'Ann Lee' });
		await page.goto(server.url + room.host_url);
		await shoot(page, `prejoin-${size}-${language}`);
		await page.locator('form button[type=submit]').click();
		await page.getByRole('button', { name: leave }).waitFor();
		await tile(page, 'Bo').and(page.locator('[data-state=picture]')).waitFor();
		await shoot(page, `meeting-${size}-${language}`);
		await page.getByRole('button', { name: more, exact: true }).click();
		await shoot(page, `more-${size}-${language}`);
		await page.keyboard.press('Escape');
		if (settings !== undefined) {
			await page.getByRole('button', { name: settings }).click();
			await shoot(page, `settings-${size}-${language}`);
		}
		await Promise.all([context, guest.context].map(async (one) => one.close()));
	}
	const room = await server.reserve(60, 'Weekly sync');
	const guest = await visit(room.meeting_url, 'desktop', 'dark', 3);
	await join(guest.page, 'Bo Chen');
	for (const [size, theme] of [['desktop', 'light'], ['phone', 'dark']] as const) {
		const { page, context } = await visit(room.host_url, size, theme, 1);
		await join(page, 'Ann Lee');
		await tile(page, 'Bo').and(page.locator('[data-state=picture]')).waitFor();
		for (const name of ['Invite others', 'Connection', 'Keyboard shortcuts'] as const) {
			await page.getByRole('button', { name: 'More', exact: true }).click();
			await page.getByRole('dialog').or(page.getByRole('menu')).getByRole(size === 'phone' ? 'button' : 'menuitem', { name, exact: true }).click();
			await page.waitForTimeout(1200); // the first figures
			await shoot(page, `${name.toLowerCase().replace(' ', '-')}-${size}-${theme}`);
			await page.keyboard.press('Escape');
		}
		await context.close();
	}
	await guest.context.close();
}, 300_000);
