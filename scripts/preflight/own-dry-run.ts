import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { decodeKey, type Environment, parseEnvironment } from '@/lib/config/environment'
import { openControlStore } from '@/lib/control/control-store'
import { AppError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import { createCvFiles } from '@/lib/cvsite/cv-files'
import type { SchemaModel } from '@/lib/migration/schema-plan'
import { createOwnApp } from '@/lib/preflight/create-own-app'
import type { PreflightResult } from '@/lib/preflight/preflight-result'
import { runPreflight } from '@/lib/preflight/run-preflight'
import { type RawSecrets, secretsOf } from '@/lib/preflight/secret-checks'

/** The environment as far as it can be read: keys that are missing or wrong are findings here, not a reason to stop. */
export interface LenientEnvironment {
  readonly environment: Environment
  readonly secrets: RawSecrets
}

const stand = 'a key that stands in for one that is missing; nothing is done with it'

/**
 * The environment with whatever keys it has. Everything else must be right.
 *
 * @throws AppError CONFIG_INVALID
 */
export function readLenientEnvironment(source: Readonly<Record<string, string | undefined>>, root: string): LenientEnvironment {
  const secrets = secretsOf(source)
  const hasKey = decodeKey(secrets.CV_ENCRYPTION_KEY ?? '') !== undefined
  const hasSecret = (secrets.NEXTAUTH_SECRET ?? '').length >= 32
  const filled = {
    ...source,
    ...(hasKey ? {} : { CV_ENCRYPTION_KEY: '0'.repeat(64) }),
    ...(hasSecret ? {} : { NEXTAUTH_SECRET: stand }),
  }
  return { environment: parseEnvironment(filled, root), secrets }
}

/** Checks and plans the app's own migration; reads the control store when there is one, and makes none. */
export async function dryRunOwn(
  { environment, secrets }: LenientEnvironment,
  root: string,
  targetUrl: string,
  report: Report,
  signal: AbortSignal,
): Promise<PreflightResult> {
  if (environment.database.engine !== 'sqlite') {
    throw new AppError({
      code: 'CONFIG_INVALID',
      message: 'DATABASE_URL does not name an SQLite file.',
      hint: 'Give the file with --source file:/path/app.db.',
    })
  }
  const store = existsSync(environment.controlPath) ? await openControlStore(environment.controlPath) : null
  try {
    const folder = environment.cvDataDir
    const key = decodeKey(secrets.CV_ENCRYPTION_KEY ?? '')
    const own = createOwnApp({ root, secrets, store, hostFolder: folder, hostFiles: key ? createCvFiles({ folder, key }) : null })
    const model = { kind: 'history', folder: join(root, 'prisma', 'postgresql', 'migrations') } as const
    const sourcePath = environment.database.path
    return await runPreflight({ sourcePath, targetUrl, model, workDir: environment.dataDir, own }, report, signal)
  } finally {
    await store?.close()
  }
}

/** Checks and plans the migration of a file whose app we do not know. */
export function dryRunFile(
  file: { readonly sourcePath: string; readonly targetUrl: string; readonly model: SchemaModel; readonly workDir: string },
  report: Report,
  signal: AbortSignal,
): Promise<PreflightResult> {
  return runPreflight({ ...file, own: null }, report, signal)
}
