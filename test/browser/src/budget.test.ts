// What a first visit to the meeting page loads, from the built files.
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const dist = resolve(fileURLToPath(import.meta.url), '../../../../static/dist');

/** The scripts that a page loads before anything is asked for: its own and what they import. */
async function firstScripts(page: string): Promise<string[]> {
	const html = await readFile(join(dist, page), 'utf8');
	const found = new Set<string>();
	const queue = [...html.matchAll(/(?:src|href)="\/static\/([^"]+\.js)"/g)].map(([, file]) => file ?? '');
	for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
		if (found.has(file)) continue;
		found.add(file);
		const code = await readFile(join(dist, file), 'utf8');
		for (const [, other] of code.matchAll(/(?:\bimport|\bfrom)\s*["']\.\/([^"']+\.js)["']/g)) queue.push(relative(dist, join(dist, dirname(file), other ?? '')));
	}
	return [...found];
}

const kibi = async (file: string) => (await stat(join(dist, `${file}.gz`))).size / 1024;

test('the meeting page loads at most 150 KiB of compressed script, and one language', async () => {
	const scripts = await firstScripts('meeting.html');
	expect(scripts.length).toBeGreaterThan(1);
	const languages = scripts.filter((file) => /\/(en|de|fr|es|hi|ar)-[^/]*\.js$/.test(file));
	expect(languages).toEqual([]); // loaded by choice
	expect(scripts.filter((file) => /admin|lean-qr|nano/.test(file))).toEqual([]);
	const entry = await readFile(join(dist, 'meeting.html'), 'utf8');
	expect(entry).not.toMatch(/https?:\/\/(?!www\.w3\.org)/); // nothing from elsewhere
	const sizes = await Promise.all(scripts.map(kibi));
	const total = sizes.reduce((sum, size) => sum + size, 0);
	const code = await Promise.all(scripts.map(async (file) => readFile(join(dist, file), 'utf8')));
	const catalogues = [...new Set(code.join('\n').match(/\b(?:en|de|fr|es|hi|ar)-[\w-]{8}\.js/g) ?? [])];
	expect(catalogues).toHaveLength(6);
	const largest = Math.max(...(await Promise.all(catalogues.map(async (file) => kibi(`assets/${file}`)))));
	console.log(`first load: ${total.toFixed(1)} KiB of script, and a language of at most ${largest.toFixed(1)} KiB`);
	expect(total + largest).toBeLessThanOrEqual(150);
});
