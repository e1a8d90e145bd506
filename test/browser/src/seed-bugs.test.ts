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

// Number 14.
test('no connection is made before the list of ICE servers has come, and it is used', async () => {
	const room = await server.reserve();
	const one = await open(browser, 'about:blank');
	let before: number | undefined;
	await one.page.route('**/meeting/*/ice', async (route) => {
		await new Promise((done) => { setTimeout(done, 400); }); // the page may wait for a second
		before = await one.page.evaluate(() => (window as unknown as { plenumPeers: RTCPeerConnection[] }).plenumPeers.length);
		await route.fulfill({ json: [{ urls: 'stun:127.0.0.1:9' }] });
	});
	await one.page.goto(server.url + room.meeting_url);
	await join(one.page, 'Ann');
	expect(before).toBe(0);
	const used = await one.page.evaluate(() => (window as unknown as { plenumPeers: RTCPeerConnection[] }).plenumPeers.map((peer) => peer.getConfiguration().iceServers?.map(({ urls }) => urls)));
	expect(used.flat(2)).toEqual(['stun:127.0.0.1:9']); // of one connection, the first
	await one.context.close();
});

// Number 14, too.
test('a socket that breaks is opened again, and nothing makes the connection of who is there anew', async () => {
	const room = await server.reserve();
	const [ann, bo] = await Promise.all(['red', 'green'].map(async (colour) => open(browser, server.url + room.meeting_url, { colour })));
	if (ann === undefined || bo === undefined) throw new Error('no pages');
	await join(ann.page, 'Ann');
	await join(bo.page, 'Bo');
	await tile(ann.page, 'Bo').and(ann.page.locator('[data-state=picture]')).waitFor();
	const sockets = async () => ann.page.evaluate(() => (window as unknown as { plenumSockets: WebSocket[] }).plenumSockets.map(({ readyState }) => readyState));
	await ann.page.evaluate(() => { for (const socket of (window as unknown as { plenumSockets: WebSocket[] }).plenumSockets) socket.close(); });
	const OPEN = 1; // WebSocket.OPEN, which Node does not know
	await until('another socket', async () => { const all = await sockets(); return all.length > 1 && all.filter((state) => state === OPEN).length === 1; });
	await bo.page.getByRole('button', { name: 'Leave meeting' }).click();
	await tile(ann.page, 'Bo').waitFor({ state: 'detached' });
	await bo.page.getByRole('button', { name: 'Rejoin' }).click();
	await join(bo.page, 'Bo');
	await tile(ann.page, 'Bo').and(ann.page.locator('[data-state=picture]')).waitFor();
	const states = await ann.page.evaluate(() => (window as unknown as { plenumPeers: RTCPeerConnection[] }).plenumPeers.map(({ connectionState }) => connectionState));
	expect(states).toEqual(['connected']);
	await until('a connection that was left to be closed', async () => bo.page.evaluate(() => (window as unknown as { plenumPeers: RTCPeerConnection[] }).plenumPeers.map(({ connectionState }) => connectionState).join() === 'closed,connected'));
	await Promise.all([ann, bo].map(async (one) => one.context.close()));
});

// Number 16.
test('a recording holds the others too, sound and picture apart, and devices are given back', async () => {
	const room = await server.reserve();
	const [ann, bo] = await Promise.all([open(browser, 'about:blank'), open(browser, server.url + room.meeting_url, { colour: 'green' })]);
	await ann.page.addInitScript(() => {
		const w = window as unknown as { plenumTracks: MediaStreamTrack[] };
		w.plenumTracks = [];
		const original = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
		navigator.mediaDevices.getUserMedia = async (constraints) => {
			const stream = await original(constraints);
			w.plenumTracks.push(...stream.getTracks());
			return stream;
		};
	});
	await ann.page.goto(server.url + room.host_url);
	await join(ann.page, 'Ann');
	await join(bo.page, 'Bo');
	await tile(ann.page, 'Bo').and(ann.page.locator('[data-state=picture]')).waitFor();
	await ann.page.getByRole('button', { name: 'Start recording' }).click();
	const before = await received(ann.page);
	await ann.page.getByRole('img', { name: 'This meeting is being recorded' }).waitFor();
	await until('something to record', async () => (await received(ann.page)).frames > before.frames + 40);
	await ann.page.getByRole('button', { name: 'Stop recording' }).click();
	type Recording = { state: string; participants: { id: string; name: string }[]; tracks: { participant: string; source: string; path: string; bytes: number }[] };
	const made = await until('the recording', async () => {
		const { recordings } = (await (await server.get('/api/v1/recordings')).json()) as { recordings: Recording[] };
		return recordings.find(({ state }) => state === 'ready' || state === 'degraded');
	});
	const whose = ({ participant, source }: Recording['tracks'][number]) => `${made.participants.find(({ id }) => id === participant)?.name ?? '?'} ${source}`;
	expect(made.tracks.map(whose).sort()).toEqual(['Ann camera', 'Ann microphone', 'Bo camera', 'Bo microphone']);
	const paths = made.tracks.map(({ path }) => path);
	expect(new Set(paths).size).toBe(4);
	for (const { path, source, bytes } of made.tracks) {
		expect(path).toContain(source);
		expect(bytes).toBeGreaterThan(1000);
	}
	await ann.page.getByRole('button', { name: 'Leave meeting' }).click();
	await ann.page.getByRole('button', { name: 'Rejoin' }).waitFor();
	const tracks = async () => ann.page.evaluate(() => (window as unknown as { plenumTracks: MediaStreamTrack[] }).plenumTracks.map(({ readyState }) => readyState));
	await until('camera and microphone to be given back', async () => (await tracks()).every((state) => state === 'ended'));
	expect((await tracks()).length).toBeGreaterThan(1);
	await Promise.all([ann, bo].map(async (one) => one.context.close()));
});
