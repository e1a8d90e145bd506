import { defineConfig } from 'vitest/config';

// Browsers are heavy: two files at a time, and long limits that are no measurements.
export default defineConfig({
	test: {
		include: ['src/look.tmp.ts'],
		testTimeout: 180_000,
		hookTimeout: 120_000,
		teardownTimeout: 30_000,
		fileParallelism: true,
		maxWorkers: 2,
		reporters: ['verbose'],
	},
});
