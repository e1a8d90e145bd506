import { defineConfig } from 'vitest/config';

// Figures, not tests: see impaired/impaired.test.ts.
export default defineConfig({
	test: { include: ['impaired/**/*.test.ts'], testTimeout: 900_000, hookTimeout: 120_000, reporters: ['default'] },
});
