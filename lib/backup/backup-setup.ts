import { join } from 'node:path'
import type { Environment } from '@/lib/config/environment'
import { readActiveDatabase } from '@/lib/control/active-database'
import { activeEngine, type SealedTarget } from '@/lib/control/active-state'
import type { ControlStore } from '@/lib/control/control-store'
import { AppError } from '@/lib/core/errors'
import { cvRowQueries } from '@/lib/cv/cv-rows'
import type { BackupSource } from './database-snapshot'
import type { BackupSetup } from './make-backup'
import { startScratchServer } from './scratch-server'

export interface BackupSetupParts {
  readonly environment: Environment
  readonly store: ControlStore
  /** The app's folder, absolute: `.env` lies there. */
  readonly root: string
  readonly app: { readonly name: string; readonly version: string }
  /** The URL sealed in a target. */
  readonly openTarget: (target: SealedTarget) => string
}

/** What backups need, from what every process of the app has: web, worker and command line make the same backups. */
export function createBackupSetup({ environment, store, root, app, openTarget }: BackupSetupParts): BackupSetup {
  const folder = join(environment.dataDir, 'backups')
  return {
    store,
    folder,
    source: () => readSource(environment, store, openTarget),
    files: { folder: environment.cvDataDir, key: environment.cvEncryptionKey, rows: cvRowQueries },
    environmentPath: join(/*turbopackIgnore: true*/ root, '.env'),
    app,
    master: environment.nextAuthSecret,
    root,
    addresses: { allowPrivate: environment.allowPrivateTargets },
    startServer: (signal) => startScratchServer({ root, folder, fallbackUrl: environment.targetUrl }, signal),
  }
}

/** The database that the app uses now, whatever the environment said when it started. */
async function readSource(
  environment: Environment,
  store: ControlStore,
  openTarget: BackupSetupParts['openTarget'],
): Promise<BackupSource> {
  const { state } = await readActiveDatabase(store)
  if (activeEngine(state) === 'postgresql' && 'target' in state) return { engine: 'postgresql', url: openTarget(state.target) }
  if (environment.database.engine === 'sqlite') return { engine: 'sqlite', path: environment.database.path }
  throw new AppError({
    code: 'SOURCE_MISSING',
    operation: 'find the app’s database',
    message: 'The app is recorded as running on SQLite, but DATABASE_URL does not name a SQLite file.',
    hint: 'Set DATABASE_URL to that file and start again.',
  })
}
