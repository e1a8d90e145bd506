import { defineConfig } from 'vitest/config';

// A measurement, not a test: see sync/sync.test.ts.
export default defineConfig({ test: { include: ['sync/*.test.ts'], testTimeout: 900_000, hookTimeout: 120_000 } });
