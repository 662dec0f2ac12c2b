import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Environment } from '@/lib/config/environment'
import { initialiseActiveDatabase, readActiveDatabase, transitionActiveDatabase } from '@/lib/control/active-database'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import { withExclusive } from '@/lib/control/exclusive'
import { breakLease, databasesLease, readLease } from '@/lib/control/lease'
import { createReportStore } from '@/lib/control/reports'
import { openSecret } from '@/lib/control/secrets'
import { describeHost } from '@/lib/control/workers'
import { AppError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import type { RepairChoice } from '@/lib/core/repair-choice'
import { requireStateFor } from '@/lib/jobs/preconditions'
import { initialState, sealTarget } from '@/lib/jobs/sealed-target'
import { type MigrateOptions, migrateDatabase } from '@/lib/migration/migrate-database'
import type { MigrationResult } from '@/lib/migration/migration-result'
import { recoverDatabases } from '@/lib/migration/recover'
import { decideResume, targetIdentity } from '@/lib/migration/resume-decision'
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
  /** Whether the app goes on writing, and its worker follows the copy until the switch. */
  readonly live: boolean
}

/**
 * Migrates the app's own database from a terminal, under the same lease as the worker and with the same states: after
 * success the app is ready to be switched from its Migration page, read-only or, in a live migration, followed by its worker. A failure leaves it writing on SQLite.
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
    fenceSource: !own.live,
    live: own.live,
    setAside: own.setAside,
    dryRun: own.dryRun,
    choices: own.choices,
  }
  // A dry run changes neither database nor state: it may go on beside anything.
  if (own.dryRun) return migrateDatabase({ ...options, fenceSource: false }, report, signal)
  const store = await openControlStore(environment.controlPath)
  try {
    await initialiseActiveDatabase(store, initialState(environment, store.clock.now()), 'terminal')
    await breakDeadLease(store)
    const request = { name: databasesLease, holder: holderOf(process.pid), purpose: 'migrate from the terminal' }
    return await withExclusive(store, request, signal, async (held) => {
      const jobId = await settleEarlier(store, own, options, report, held)
      return migrateAndRecord(store, own, { ...options, jobId: jobId ?? options.jobId }, report, held)
    })
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
  const isTakenUp = before.state.status === 'migrating' && before.state.jobId === options.jobId
  if (!isTakenUp) requireStateFor('migrate', before.state)
  const target = sealTarget(own.targetUrl, true, own.environment.nextAuthSecret)
  const { jobId } = options
  const actor = 'terminal'
  const mode = own.live ? 'live' : 'read-only'
  const now = () => store.clock.now().toISOString()
  const migrating = isTakenUp
    ? before
    : await transitionActiveDatabase(store, { from: before.version, to: { status: 'migrating', jobId, target, since: now(), mode }, actor })
  const result = await migrateDatabase(options, report, signal)
  if (result.status === 'failed') {
    await transitionActiveDatabase(store, { from: migrating.version, to: { status: 'on-sqlite' }, actor })
    return result
  }
  const { status, source, startedAt, elapsedMs, tables, findings } = result
  const counts = { status, source, target: result.target, startedAt, elapsedMs, tables, findings }
  // The migration is no job of the worker's, so its report names none.
  await createReportStore(store, verificationResultSchema).save({ jobId: null, requestedBy: actor, result: counts })
  await transitionActiveDatabase(store, {
    from: migrating.version,
    to: { status: 'ready-to-switch', jobId, target, since: now(), mode },
    actor,
  })
  return result
}

/**
 * A migration of which nobody is at work any more, though the state says so: its process was killed. Answers its job when
 * this one is the same and can go on with it; otherwise it is undone first, and this one begins anew.
 */
async function settleEarlier(
  store: ControlStore,
  own: OwnMigration,
  options: MigrateOptions,
  report: Report,
  signal: AbortSignal,
): Promise<string | null> {
  const { state, version } = await readActiveDatabase(store)
  if (state.status !== 'migrating') return null
  const targetUrl = openSecret(state.target.sealedUrl, own.environment.nextAuthSecret)
  const reason = await whyNotResumed(store, state.jobId, targetUrl, options)
  if (reason === null) return state.jobId
  report({ type: 'log', level: 'warn', message: `An earlier migration was cut short and cannot be gone on with. ${reason} It is undone.` })
  const { sourcePath, workDir } = options
  await recoverDatabases({ state, sourcePath, targetUrl, workDir }, report, signal)
  await transitionActiveDatabase(store, { from: version, to: { status: 'on-sqlite' }, actor: 'recovery by terminal' })
  return null
}

async function whyNotResumed(store: ControlStore, jobId: string, targetUrl: string, options: MigrateOptions): Promise<string | null> {
  if (await store.read.job.findUnique({ where: { id: jobId } })) return 'It was begun from the Migration page.'
  if (targetIdentity(targetUrl) !== targetIdentity(options.targetUrl)) return 'It was begun into another target.'
  const decision = await decideResume({ ...options, jobId })
  if (decision.status === 'resumable') return null
  return decision.status === 'impossible' ? decision.reason : 'Nothing was copied yet.'
}

/** Who holds the lease: told apart across machines, so that a process number means something. */
function holderOf(pid: number): string {
  return `terminal ${pid} on ${describeHost()}`
}

/** A command that was killed on this machine keeps the lease until it expires; the next one need not wait for that. */
async function breakDeadLease(store: ControlStore): Promise<void> {
  const lease = await readLease(store, databasesLease)
  const pid = Number(/^terminal (\d+) on /.exec(lease?.holder ?? '')?.[1] ?? Number.NaN)
  if (!lease || Number.isNaN(pid) || lease.holder !== holderOf(pid)) return
  try {
    process.kill(pid, 0)
  } catch (error) {
    const isGone = error instanceof Error && 'code' in error && error.code === 'ESRCH'
    if (isGone) await breakLease(store, databasesLease, lease.holder)
  }
}
