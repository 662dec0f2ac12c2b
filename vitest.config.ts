import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { alias: { '@': fileURLToPath(new URL('.', import.meta.url)).replace(/\/$/, '') } },
  test: {
    include: [
      'lib/**/*.test.ts',
      'app/**/*.test.ts',
      'components/**/*.test.ts',
      'worker/**/*.test.ts',
      'scripts/**/*.test.ts',
      'tests/**/*.test.ts',
      'bench/**/*.test.ts',
    ],
    globalSetup: ['tests/support/postgres-servers.ts'],
    setupFiles: ['tests/support/property-seed.ts'],
    pool: 'forks',
    // Vitest would leave one core free; much of a test's time is waited for PostgreSQL, disks and other processes.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // A test that fails is tried once more, and said to be unsteady when it then passes: `npm test` lists such ones.
    retry: 1,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
