import { join } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const root = join(import.meta.dirname, '..');

// The scenes as a browser would get them, for test/browser/bench.
export default defineConfig({
	root,
	base: '/static/',
	plugins: [react()],
	build: { target: 'chrome123', rolldownOptions: { input: join(root, 'dev/index.html') } },
	preview: { host: '127.0.0.1' },
});
