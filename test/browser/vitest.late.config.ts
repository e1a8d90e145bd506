import { defineConfig } from 'vitest/config';

// A measurement, not a test: see late/late.test.ts.
export default defineConfig({ test: { include: ['late/*.test.ts'], testTimeout: 600_000, hookTimeout: 120_000 } });
