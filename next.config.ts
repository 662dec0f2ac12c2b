import type { NextConfig } from 'next'
import createNextIntlPlugin from 'next-intl/plugin'

const withNextIntl = createNextIntlPlugin('./app/i18n/request.ts')

/** No framing, no sniffing, no foreign base, form or plug-in; scripts and styles are the app's own (Next inlines some of both). */
const securityHeaders = [
  {
    key: 'Content-Security-Policy',
    value: [
      "default-src 'self'",
      `script-src 'self' 'unsafe-inline'${process.env.NODE_ENV === 'development' ? " 'unsafe-eval'" : ''}`,
      "style-src 'self' 'unsafe-inline'",
      "img-src 'self' data: blob:",
      "font-src 'self'",
      `connect-src 'self'${process.env.NODE_ENV === 'development' ? ' ws:' : ''}`,
      "object-src 'none'",
      "base-uri 'self'",
      "form-action 'self'",
      "frame-ancestors 'none'",
    ].join('; '),
  },
  { key: 'X-Content-Type-Options', value: 'nosniff' },
  { key: 'X-Frame-Options', value: 'DENY' },
  { key: 'Referrer-Policy', value: 'same-origin' },
  { key: 'Permissions-Policy', value: 'camera=(), microphone=(), geolocation=()' },
]

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
    'pino-roll',
    'tsx',
  ],
  // Two servers of one checkout (a demo beside a test run) must not share a build folder.
  distDir: process.env.NEXT_DIST_DIR ?? '.next',
  poweredByHeader: false,
  headers: async () => [{ source: '/:path*', headers: securityHeaders }],
  reactStrictMode: true,
  // forbidden(): a page answers 403 and renders app/forbidden.tsx.
  experimental: { authInterrupts: true },
  // npm test runs the type checker itself, once, over everything.
  typescript: { ignoreBuildErrors: true },
}

export default withNextIntl(config)
