import { defineConfig } from 'vitest/config';

// Pictures, not tests: see screens/screenshots.ts.
export default defineConfig({ test: { include: ['screens/*.ts'], testTimeout: 300_000, hookTimeout: 120_000 } });
