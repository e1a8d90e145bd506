import { existsSync } from 'node:fs';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const here = import.meta.dirname;

/** Leaves a .gz and a .br beside every text file of the build, for the server to send as they are. */
function precompress(): Plugin {
	return {
		name: 'precompress',
		apply: 'build',
		closeBundle: async () => {
			const dist = join(here, 'dist');
			const files = await readdir(dist, { recursive: true });
			await Promise.all(files.filter((file) => /\.(js|css|svg)$/.test(file)).map((file) => pack(join(dist, file))));
		},
	};
}

async function pack(file: string): Promise<void> {
	const text = await readFile(file);
	await writeFile(`${file}.gz`, await promisify(gzip)(text, { level: 9 }));
	await writeFile(`${file}.br`, await promisify(brotliCompress)(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
}

// Vite and Vitest read their configuration from the default export.
export default defineConfig({
	root: here,
	base: '/static/',
	plugins: [react(), precompress()],
	build: {
		target: ['chrome123', 'edge123', 'firefox121', 'safari17.5'],
		assetsInlineLimit: 0,
		// Every browser of the targets above preloads modules by itself.
		modulePreload: { polyfill: false },
		rolldownOptions: {
			input: ['meeting.html', 'admin.html'].map((page) => join(here, page)).filter((page) => existsSync(page)),
		},
	},
	server: { host: '127.0.0.1', port: 5173, strictPort: true },
	test: { include: ['src/**/*.test.{ts,tsx}'], environment: 'node' },
});
