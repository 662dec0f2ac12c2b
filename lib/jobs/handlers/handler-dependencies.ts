import type { BackupSetup } from '@/lib/backup/make-backup'
import type { SealedTarget } from '@/lib/control/active-state'
import type { ControlStore } from '@/lib/control/control-store'
import type { ReportStore } from '@/lib/control/reports'
import { AppError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import type { SchemaModel } from '@/lib/migration/schema-plan'
import type { OwnApp } from '@/lib/preflight/own-app'
import type { FunctionCheck } from '@/lib/verification/function-report'
import type { VerificationResult } from '@/lib/verification/verification-result'
import type { FilesCheck } from '@/lib/verification/verify-databases'

/** The host app's part of a verification. */
export interface HostChecks {
  readonly functions: readonly FunctionCheck[]
  /** Holds rows of the target and the files that they speak of against each other. */
  checkFiles(targetUrl: string, report: Report, signal: AbortSignal): Promise<FilesCheck>
}

/** What the handlers need besides the libraries they call. */
export interface HandlerDependencies {
  readonly store: ControlStore
  readonly reports: ReportStore<VerificationResult>
  /** The app's SQLite file; null when DATABASE_URL names PostgreSQL. */
  readonly sqlitePath: string | null
  /** The URL sealed in a target. @throws AppError KEY_INVALID */
  readonly openTarget: (target: SealedTarget) => string
  /** Folder of the PostgreSQL schema migrations: the target's schema. */
  readonly migrationsDir: string
  /** Folder for safety copies and lists of left-behind keys. */
  readonly workDir: string
  /** The host app with its files and keys, for the preflight. */
  readonly ownApp: OwnApp
  /** What the host app can be tried by; absent for a host that offers nothing. */
  readonly host?: HostChecks
  /** Version of this program, for reports. */
  readonly version?: string
  readonly backups: BackupSetup
}

/** The app's SQLite file. @throws AppError SOURCE_MISSING when DATABASE_URL does not name one */
export function requireSqlitePath({ sqlitePath }: Pick<HandlerDependencies, 'sqlitePath'>): string {
  if (sqlitePath !== null) return sqlitePath
  throw new AppError({
    code: 'SOURCE_MISSING',
    operation: 'find the app’s SQLite file',
    message: 'DATABASE_URL does not name a SQLite file.',
    hint: 'Set DATABASE_URL to the app’s SQLite file, for example "file:./dev.db", and start again. The recorded state decides what is active.',
  })
}

/** The data model that the app's database is migrated with. */
export function modelOf({ migrationsDir }: Pick<HandlerDependencies, 'migrationsDir'>): SchemaModel {
  return { kind: 'history', folder: migrationsDir }
}
