import { defineConfig } from 'vitest/config';

// Browsers are heavy: one file at a time, for each fills two cores by itself, and
// long limits that are no measurements.
export default defineConfig({
	test: {
		include: ['src/**/*.test.ts'],
		testTimeout: 180_000,
		hookTimeout: 120_000,
		teardownTimeout: 30_000,
		fileParallelism: false,
		reporters: ['verbose'],
	},
});
