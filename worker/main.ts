/**
 * The worker: a plain Node process that runs the jobs which the web queues. `npm start` runs it beside the web;
 * alone: `node --import tsx worker/main.ts`.
 *
 * SIGTERM or SIGINT: the running job is told to stop, puts everything back as cancelling it would, and is marked
 * interrupted, to be offered again; then the process ends with status 0. Killed instead, its job is marked interrupted by
 * the next worker, which recovers the databases first: a migration is taken up again where it stood when nothing of it is
 * lost, and undone otherwise. So a job is never left half done.
 */
import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { createBackupSetup } from '@/lib/backup/backup-setup'
import { sweepUploadsAtStart } from '@/lib/backup/sweep-at-start'
import { loadEnvFiles } from '@/lib/config/env-files'
import { type Environment, parseEnvironment } from '@/lib/config/environment'
import { initialiseActiveDatabase, readActiveDatabase, readActiveState } from '@/lib/control/active-database'
import { activeSource } from '@/lib/control/active-source'
import { isWritable } from '@/lib/control/active-state'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import { createReportStore } from '@/lib/control/reports'
import { openSecret } from '@/lib/control/secrets'
import { describeHost } from '@/lib/control/workers'
import { AppError, exitStatusOf, reportError } from '@/lib/core/errors'
import { openLogFile } from '@/lib/core/log-files'
import { createLogger } from '@/lib/core/logger'
import { listAdministrators } from '@/lib/cvsite/accounts'
import { createCvFiles } from '@/lib/cvsite/cv-files'
import { createFunctionChecks } from '@/lib/cvsite/function-checks'
import { createCvFilesVerification } from '@/lib/cvsite/verify-cv-files'
import { createAppDatabase } from '@/lib/database/app-database'
import { createHandlers } from '@/lib/jobs/handlers/create-handlers'
import type { HandlerDependencies, HostChecks } from '@/lib/jobs/handlers/handler-dependencies'
import { initialState } from '@/lib/jobs/sealed-target'
import { runWorker } from '@/lib/jobs/worker-loop'
import { copyBack } from '@/lib/migration/copy-back'
import { copyFileWith } from '@/lib/migration/copy-file'
import { runSampler } from '@/lib/monitoring/history/run-sampler'
import { createOwnApp } from '@/lib/preflight/create-own-app'
import { raiseKeyAlarms } from '@/lib/preflight/key-alarm'
import { secretsOf } from '@/lib/preflight/secret-checks'
import { verificationResultSchema } from '@/lib/verification/verification-result'
import packageJson from '@/package.json' with { type: 'json' }
import { runAlarmWatch } from './alarm-watch'
import { recover } from './recover'
import { runFollower } from './run-follower'
import { runSwitchPlan } from './run-switch-plan'
import { watchWayBack } from './watch-way-back'

const root = resolve(import.meta.dirname, '..')

async function main(): Promise<number> {
  const shutdown = new AbortController()
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => shutdown.abort())
  try {
    loadEnvFiles(root)
    const environment = parseEnvironment(process.env, root)
    await mkdir(environment.dataDir, { recursive: true })
    // A folder that cannot be written to must not stop the worker: standard error has every line as well.
    const logFile = await openLogFile(environment.dataDir, 'worker').catch(() => undefined)
    const logger = createLogger('worker', environment.logLevel, logFile)
    const store = await openControlStore(environment.controlPath)
    try {
      await initialiseActiveDatabase(store, initialState(environment, store.clock.now()), 'worker')
      const id = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`
      const identity = { id, host: describeHost(), pid: process.pid, version: packageJson.version }
      const dependencies = handlerDependencies(environment, store)
      const handlers = createHandlers(dependencies)
      const tidyOnce = once(async () => {
        await raiseKeyAlarms(store, secretsOf(process.env), 'worker', logger)
        const swept = await sweepUploadsAtStart(dependencies.backups, `worker ${id}`, shutdown.signal)
        if (swept > 0) logger.info({ uploads: swept }, 'unfinished uploads of backups were given up')
      })
      // Recovery comes before everything that can wait: people's writes may be waiting for it.
      const recoverAll = async (signal: AbortSignal) => {
        const job = await recover(dependencies, id, logger, signal)
        await tidyOnce().catch((error: unknown) => logger.error({ error: reportError(error) }, 'tidying up at the start failed'))
        return job
      }
      const { sqlitePath, openTarget } = dependencies
      const active = async () => {
        const { state } = await readActiveDatabase(store)
        return { source: activeSource(state, sqlitePath, openTarget), isWritable: isWritable(state) }
      }
      // Not waited for: it throws nothing, and a server that does not answer must not hold up a worker that is to end.
      void runSampler({ store, active, logger }, shutdown.signal)
      const alarmParts = { setup: dependencies.backups, allowPrivate: environment.allowPrivateTargets, siteUrl: environment.siteUrl }
      void runAlarmWatch(alarmParts, `worker ${id}`, logger, shutdown.signal)
      void runFollower({ store, sqlitePath, openTarget, logger }, shutdown.signal)
      const admins = createAppDatabase({ readState: async () => readActiveState(store), sqlitePath, openTarget })
      const readAdministrators = () => listAdministrators(admins)
      const closing = { store, sqlitePath, openTarget, workDir: environment.dataDir, appSessions: ['cvsite'], actor: `worker ${id}` }
      void watchWayBack({ ...closing, readAdministrators, logger }, shutdown.signal)
      void runSwitchPlan(store, logger, shutdown.signal)
      await runWorker({ store, identity, handlers, recover: recoverAll, logger }, shutdown.signal)
      return 0
    } finally {
      await store.close()
    }
  } catch (error) {
    const { message, hint } = reportError(error)
    console.error(`The worker has stopped: ${message}${hint ? `\n${hint}` : ''}`)
    if (!(error instanceof AppError)) console.error(error)
    return error instanceof AppError ? exitStatusOf(error.code) : 1
  }
}

function handlerDependencies(environment: Environment, store: ControlStore): HandlerDependencies {
  const openTarget: HandlerDependencies['openTarget'] = (target) => openSecret(target.sealedUrl, environment.nextAuthSecret)
  const { name, version } = packageJson
  return {
    store,
    reports: createReportStore(store, verificationResultSchema),
    sqlitePath: environment.database.engine === 'sqlite' ? environment.database.path : null,
    openTarget,
    migrationsDir: join(root, 'prisma', 'postgresql', 'migrations'),
    workDir: environment.dataDir,
    ownApp: createOwnApp({
      root,
      store,
      secrets: secretsOf(process.env),
      hostFolder: environment.cvDataDir,
      hostFiles: createCvFiles({ folder: environment.cvDataDir, key: environment.cvEncryptionKey }),
    }),
    version,
    host: createHostChecks(environment, store, openTarget),
    backups: {
      ...createBackupSetup({ environment, store, root, app: { name, version }, openTarget }),
      copyFile: copyFileWith(root),
      copyBack,
    },
  }
}

/** cvsite's functions and files; its database is whichever is active. */
function createHostChecks(environment: Environment, store: ControlStore, openTarget: HandlerDependencies['openTarget']): HostChecks {
  const { cvDataDir: cvFolder, cvEncryptionKey: cvKey } = environment
  const readState = async () => readActiveState(store)
  const sqlitePath = environment.database.engine === 'sqlite' ? environment.database.path : null
  // Opens nothing until a job asks.
  const database = createAppDatabase({ readState, sqlitePath, openTarget })
  return {
    functions: createFunctionChecks({ database, cvFolder, cvKey }),
    checkFiles: createCvFilesVerification({ folder: cvFolder, key: cvKey }),
  }
}

function once(act: () => Promise<void>): () => Promise<void> {
  let begun: Promise<void> | undefined
  return () => {
    begun ??= act()
    return begun
  }
}

// Not by running out of work: an idle socket must not keep a stopped worker alive. The log is written synchronously.
process.exit(await main())
