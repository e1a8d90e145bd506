import { defineConfig } from 'vitest/config';

// Measurements, not tests: see bench/tiles.ts.
export default defineConfig({ test: { include: ['bench/*.ts'], testTimeout: 300_000, hookTimeout: 120_000 } });
