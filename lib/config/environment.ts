import { isAbsolute, resolve } from 'node:path'
import { z } from 'zod'
import { AppError } from '@/lib/core/errors'

/** Where the app's database was when the process started; the control store knows where it is now. */
export type DatabaseLocation =
  | { readonly engine: 'sqlite'; readonly path: string }
  | { readonly engine: 'postgresql'; readonly url: string }

export interface Environment {
  /** From DATABASE_URL. A relative `file:` path is relative to `prisma/`, as Prisma reads it. */
  readonly database: DatabaseLocation
  /** From TARGET_DATABASE_URL: the PostgreSQL database to migrate to; null when the admin types one. */
  readonly targetUrl: string | null
  /** From CONTROL_DATABASE_URL: absolute path of the control store. Default: data/control.db. */
  readonly controlPath: string
  /** 32 bytes, from CV_ENCRYPTION_KEY. */
  readonly cvEncryptionKey: Buffer
  /** From NEXTAUTH_SECRET, at least 32 characters. Signs sessions; stored secrets are sealed with a key derived from it. */
  readonly nextAuthSecret: string
  /** From NEXT_PUBLIC_SITE_URL: scheme, host and port that people use, without a trailing slash. */
  readonly siteUrl: string
  /** From CV_DATA_DIR: absolute folder of the encrypted CVs. Default: prisma/cv_data. */
  readonly cvDataDir: string
  /** From DATA_DIR: absolute folder for safety copies and other files of ours. Default: data. */
  readonly dataDir: string
  readonly oauth: {
    readonly github: { readonly id: string; readonly secret: string } | null
    readonly google: { readonly id: string; readonly secret: string } | null
  }
  /** From ALLOW_PRIVATE_TARGETS: whether a target typed in the browser may be in a private network. Default: true. */
  readonly allowPrivateTargets: boolean
  /** From LOG_LEVEL. Default: info. */
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace'
}

/** A .env file often holds `NAME=""` for what is not set. */
const optionalText = z
  .string()
  .trim()
  .transform((text) => text || undefined)
  .optional()

const variables = z.object({
  DATABASE_URL: z
    .string({ error: 'missing. Set it to the SQLite file, relative to prisma/: DATABASE_URL="file:./dev.db"' })
    .regex(/^(file:.+|postgres(ql)?:\/\/.+)$/, 'must start with file: or postgresql://, for example "file:./dev.db"'),
  TARGET_DATABASE_URL: optionalText.pipe(
    z
      .string()
      .regex(/^postgres(ql)?:\/\/.+$/, 'must start with postgresql://')
      .optional(),
  ),
  CONTROL_DATABASE_URL: optionalText.pipe(
    z
      .string()
      .regex(/^file:.+$/, 'must be a file: URL, for example "file:./data/control.db"')
      .optional(),
  ),
  CV_ENCRYPTION_KEY: z.string({ error: 'missing. Make one with: openssl rand -base64 32' }).transform((text, context) => {
    const key = decodeKey(text)
    if (key) return key
    context.addIssue({
      code: 'custom',
      message: 'must be 32 bytes as 64 hex digits, as base64, or as 32 plain characters. Make one with: openssl rand -base64 32',
    })
    return z.NEVER
  }),
  NEXTAUTH_SECRET: z
    .string({ error: 'missing. Make one with: openssl rand -base64 32' })
    .min(32, 'must have at least 32 characters. Make one with: openssl rand -base64 32'),
  NEXT_PUBLIC_SITE_URL: z.url({ error: 'must be the address that people use, for example "http://localhost:3000"' }),
  CV_DATA_DIR: optionalText,
  DATA_DIR: optionalText,
  GITHUB_ID: optionalText,
  GITHUB_SECRET: optionalText,
  GOOGLE_ID: optionalText,
  GOOGLE_SECRET: optionalText,
  ALLOW_PRIVATE_TARGETS: optionalText.pipe(z.enum(['true', 'false'], 'must be true or false').default('true')),
  LOG_LEVEL: optionalText.pipe(
    z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace'], 'must be fatal, error, warn, info, debug or trace').default('info'),
  ),
})

/**
 * Parses the environment once, at the start of a process.
 *
 * @param source the variables, usually `process.env`
 * @param root the app's folder, absolute; relative paths are relative to it
 * @throws AppError CONFIG_INVALID naming each missing or wrong variable with its remedy, never its value
 */
export function parseEnvironment(source: Readonly<Record<string, string | undefined>>, root: string): Environment {
  const parsed = variables.safeParse(source)
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
    throw new AppError({
      code: 'CONFIG_INVALID',
      operation: 'read the environment',
      message: `The configuration is not complete:\n  ${problems.join('\n  ')}`,
      hint: 'Set the variables in .env; .env.example describes each of them.',
    })
  }
  const values = parsed.data
  return {
    database: locateDatabase(values.DATABASE_URL, root),
    targetUrl: values.TARGET_DATABASE_URL ?? null,
    controlPath: filePath(values.CONTROL_DATABASE_URL ?? 'file:./data/control.db', root),
    cvEncryptionKey: values.CV_ENCRYPTION_KEY,
    nextAuthSecret: values.NEXTAUTH_SECRET,
    siteUrl: values.NEXT_PUBLIC_SITE_URL.replace(/\/+$/, ''),
    cvDataDir: resolve(root, values.CV_DATA_DIR ?? 'prisma/cv_data'),
    dataDir: resolve(root, values.DATA_DIR ?? 'data'),
    oauth: {
      github: pair(values.GITHUB_ID, values.GITHUB_SECRET),
      google: pair(values.GOOGLE_ID, values.GOOGLE_SECRET),
    },
    allowPrivateTargets: values.ALLOW_PRIVATE_TARGETS === 'true',
    logLevel: values.LOG_LEVEL,
  }
}

/** The absolute path that a `file:` URL names; `base` is the folder that a relative one starts from. */
export function filePath(url: string, base: string): string {
  const path = url.slice('file:'.length).replace(/\?.*$/, '')
  return isAbsolute(path) ? path.replace(/^\/{2,}/, '/') : resolve(base, path)
}

function locateDatabase(url: string, root: string): DatabaseLocation {
  return url.startsWith('file:') ? { engine: 'sqlite', path: filePath(url, resolve(root, 'prisma')) } : { engine: 'postgresql', url }
}

/** The 32 bytes that CV_ENCRYPTION_KEY means: 64 hex digits, base64, or 32 plain characters; undefined for anything else. */
export function decodeKey(text: string): Buffer | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex')
  const base64 = Buffer.from(text, 'base64')
  if (base64.length === 32 && base64.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '')) return base64
  const plain = Buffer.from(text, 'utf8')
  return plain.length === 32 ? plain : undefined
}

function pair(id: string | undefined, secret: string | undefined) {
  return id && secret ? { id, secret } : null
}
