import type { NextConfig } from 'next'
import createNextIntlPlugin from 'next-intl/plugin'

const withNextIntl = createNextIntlPlugin('./app/i18n/request.ts')

const config: NextConfig = {
  // Native modules and WASM loaders must stay outside the bundle.
  serverExternalPackages: [
    '@node-rs/argon2',
    '@prisma/adapter-better-sqlite3',
    '@prisma/adapter-pg',
    '@prisma/client',
    '@prisma/schema-engine-wasm',
    'better-sqlite3',
    'pg',
    'pino',
  ],
  // Two servers of one checkout (a demo beside a test run) must not share a build folder.
  distDir: process.env.NEXT_DIST_DIR ?? '.next',
  poweredByHeader: false,
  reactStrictMode: true,
  // npm test runs the type checker itself, once, over everything.
  typescript: { ignoreBuildErrors: true },
}

export default withNextIntl(config)
