import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Environment } from '@/lib/config/environment'
import { initialiseActiveDatabase, readActiveDatabase, transitionActiveDatabase } from '@/lib/control/active-database'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import { withExclusive } from '@/lib/control/exclusive'
import { databasesLease } from '@/lib/control/lease'
import { createReportStore } from '@/lib/control/reports'
import { AppError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import type { RepairChoice } from '@/lib/core/repair-choice'
import { requireStateFor } from '@/lib/jobs/preconditions'
import { initialState, sealTarget } from '@/lib/jobs/sealed-target'
import { type MigrateOptions, migrateDatabase } from '@/lib/migration/migrate-database'
import type { MigrationResult } from '@/lib/migration/migration-result'
import { verificationResultSchema } from '@/lib/verification/verification-result'

export interface OwnMigration {
  readonly environment: Environment
  /** The app's folder, absolute. */
  readonly root: string
  readonly targetUrl: string
  readonly setAside: boolean
  /** Checks and rehearses the repairs, and writes nothing on the target. */
  readonly dryRun: boolean
  readonly choices: readonly RepairChoice[]
}

/**
 * Migrates the app's own database from a terminal, under the same lease as the worker and with the same states: after
 * success the app is read-only and ready to be switched from its Migration page. A failure leaves it writing on SQLite.
 *
 * @throws AppError CONFIG_INVALID, STATE_CONFLICT, LEASE_HELD
 */
export async function migrateOwnDatabase(own: OwnMigration, report: Report, signal: AbortSignal): Promise<MigrationResult> {
  const { environment, root } = own
  if (environment.database.engine !== 'sqlite') {
    throw new AppError({
      code: 'CONFIG_INVALID',
      message: 'DATABASE_URL does not name an SQLite file.',
      hint: 'Give the file with --source file:/path/app.db.',
    })
  }
  const options: MigrateOptions = {
    jobId: randomUUID(),
    sourcePath: environment.database.path,
    targetUrl: own.targetUrl,
    model: { kind: 'history', folder: join(root, 'prisma', 'postgresql', 'migrations') },
    workDir: environment.dataDir,
    fenceSource: true,
    setAside: own.setAside,
    dryRun: own.dryRun,
    choices: own.choices,
  }
  // A dry run changes neither database nor state: it may go on beside anything.
  if (own.dryRun) return migrateDatabase({ ...options, fenceSource: false }, report, signal)
  const store = await openControlStore(environment.controlPath)
  try {
    await initialiseActiveDatabase(store, initialState(environment, store.clock.now()), 'terminal')
    const request = { name: databasesLease, holder: `terminal ${process.pid}`, purpose: 'migrate from the terminal' }
    return await withExclusive(store, request, signal, (held) => migrateAndRecord(store, own, options, report, held))
  } finally {
    await store.close()
  }
}

async function migrateAndRecord(
  store: ControlStore,
  own: OwnMigration,
  options: MigrateOptions,
  report: Report,
  signal: AbortSignal,
): Promise<MigrationResult> {
  const before = await readActiveDatabase(store)
  requireStateFor('migrate', before.state)
  const target = sealTarget(own.targetUrl, true, own.environment.nextAuthSecret)
  const { jobId } = options
  const actor = 'terminal'
  const now = () => store.clock.now().toISOString()
  const migrating = await transitionActiveDatabase(store, {
    from: before.version,
    to: { status: 'migrating', jobId, target, since: now() },
    actor,
  })
  const result = await migrateDatabase(options, report, signal)
  if (result.status === 'failed') {
    await transitionActiveDatabase(store, { from: migrating.version, to: { status: 'on-sqlite' }, actor })
    return result
  }
  const { status, source, startedAt, elapsedMs, tables, findings } = result
  const counts = { status, source, target: result.target, startedAt, elapsedMs, tables, findings }
  // The migration is no job of the worker's, so its report names none.
  await createReportStore(store, verificationResultSchema).save({ jobId: null, requestedBy: actor, result: counts })
  await transitionActiveDatabase(store, { from: migrating.version, to: { status: 'ready-to-switch', jobId, target, since: now() }, actor })
  return result
}
