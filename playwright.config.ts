import { defineConfig } from '@playwright/test'
import { findChromium } from './scripts/chromium.mjs'

const chromium = findChromium()

/**
 * Journeys in a real browser against the production build (NEXT_DIST_DIR, default .next-test: `npm test -- build browser`
 * makes it), with web, worker and PostgreSQL as people run them. Two files at a time: each has a whole app of its own, and
 * waits for what a person would see rather than for a time. The tests of one file follow each other.
 */
export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  globalSetup: './e2e/support/global-setup.ts',
  workers: 2,
  fullyParallel: false,
  forbidOnly: true,
  // A journey that fails is tried once more, and said to be unsteady when it then passes: `npm test` lists such ones.
  retries: 1,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  reporter: [['list']],
  use: {
    locale: 'en-GB',
    timezoneId: 'Europe/Paris',
    colorScheme: 'light',
    viewport: { width: 1280, height: 900 },
    actionTimeout: 15_000,
    navigationTimeout: 30_000,
    screenshot: 'only-on-failure',
    launchOptions: {
      ...(chromium === undefined ? {} : { executablePath: chromium }),
      args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-quic'],
    },
  },
})
