import { createBackupSetup } from '@/lib/backup/backup-setup'
import type { BackupSetup } from '@/lib/backup/make-backup'
import { type Environment, parseEnvironment } from '@/lib/config/environment'
import { initialiseActiveDatabase, readActiveState } from '@/lib/control/active-database'
import type { ActiveState, SealedTarget } from '@/lib/control/active-state'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import { createReportStore, type ReportStore } from '@/lib/control/reports'
import { openSecret } from '@/lib/control/secrets'
import { type AppError, reportError } from '@/lib/core/errors'
import { openLogFile } from '@/lib/core/log-files'
import { createLogger, type Logger } from '@/lib/core/logger'
import { type AppDatabase, createAppDatabase } from '@/lib/database/app-database'
import { contradictionOf } from '@/lib/database/check-against-record'
import { initialState } from '@/lib/jobs/sealed-target'
import { raiseKeyAlarms } from '@/lib/preflight/key-alarm'
import { secretsOf } from '@/lib/preflight/secret-checks'
import { type VerificationResult, verificationResultSchema } from '@/lib/verification/verification-result'
import packageJson from '@/package.json' with { type: 'json' }
import { createRateLimits, type RateLimits } from './rate-limits'

/** What the web process is made of. */
export interface Container {
  /** The app's folder, absolute. */
  readonly root: string
  readonly environment: Environment
  readonly logger: Logger
  readonly control: ControlStore
  readonly reports: ReportStore<VerificationResult>
  /** The app's own data, on whichever engine is active. */
  readonly appDatabase: AppDatabase
  readonly rateLimits: RateLimits
  readonly backups: BackupSetup
  /** The app's SQLite file; null when DATABASE_URL names PostgreSQL. */
  readonly sqlitePath: string | null
  /** The URL sealed in a target. @throws AppError KEY_INVALID */
  openTarget(target: SealedTarget): string
  /** What of DATABASE_URL contradicts a state; then this process writes nothing to the app's database. Null: nothing. */
  contradiction(state: ActiveState): AppError | null
}

// The development server evaluates modules anew at each change; connections must not pile up with them.
const holder = globalThis as typeof globalThis & { basculeContainer?: Promise<Container> | undefined }

/** The dependencies of this web process, made at the first call. @throws AppError CONFIG_INVALID; the next call tries again */
export function getContainer(): Promise<Container> {
  holder.basculeContainer ??= createContainer().catch((error: unknown) => {
    holder.basculeContainer = undefined
    throw error
  })
  return holder.basculeContainer
}

async function createContainer(): Promise<Container> {
  const root = process.cwd()
  const { name, version } = packageJson
  const environment = parseEnvironment(process.env, root)
  const logger = createLogger('web', environment.logLevel, await openLogFile(environment.dataDir, 'web').catch(() => undefined))
  logger.info({ version }, 'web started')
  const control = await openControlStore(environment.controlPath)
  await initialiseActiveDatabase(control, initialState(environment, control.clock.now()), 'web')
  await raiseKeyAlarms(control, secretsOf(process.env), 'web', logger)
  const sqlitePath = environment.database.engine === 'sqlite' ? environment.database.path : null
  const openTarget = (target: SealedTarget) => openSecret(target.sealedUrl, environment.nextAuthSecret)
  const readState = async () => readActiveState(control)
  // `npm start` refuses to start with one; whoever starts Next by other means still must not split the data.
  const contradiction = (state: ActiveState) =>
    contradictionOf(environment.database, state, () => ('target' in state ? openTarget(state.target) : ''))
  const found = contradiction(await readState())
  if (found) logger.error({ error: reportError(found) }, `ALARM: ${found.message} The app takes no changes until this is corrected.`)
  return {
    root,
    environment,
    logger,
    control,
    reports: createReportStore(control, verificationResultSchema),
    appDatabase: createAppDatabase({ readState, sqlitePath, openTarget, contradiction }),
    rateLimits: createRateLimits(),
    backups: createBackupSetup({ environment, store: control, root, app: { name, version }, openTarget }),
    sqlitePath,
    openTarget,
    contradiction,
  }
}
