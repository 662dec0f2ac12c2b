import { join } from 'node:path'
import { AppError, errorCodes } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import { migrateDatabase } from './migrate-database'

/**
 * Copies a SQLite file that nobody uses into an empty PostgreSQL database as a migration does, checks and counts included,
 * without the app having a part in it: what an SQLite backup goes through when the app is on PostgreSQL.
 *
 * @param root the app's folder, absolute: its PostgreSQL schema migrations make the target's schema
 * @returns a function of the file, the database's URL and a folder with room for the file once more, which throws what the
 *   migration failed with: SOURCE_*, TARGET_*, VALUE_REFUSED, COUNTS_DIFFER, CANCELLED
 */
export function copyFileWith(root: string) {
  const model = { kind: 'history', folder: join(root, 'prisma/postgresql/migrations') } as const
  return async (sqlitePath: string, targetUrl: string, workDir: string, report: Report, signal: AbortSignal): Promise<void> => {
    const mine = { jobId: 'restore', sourcePath: sqlitePath, targetUrl, model, workDir, fenceSource: false, setAside: false, dryRun: false }
    // Its phases are a part of one of ours; what it says is worth keeping.
    const onlyLog: Report = (event) => {
      if (event.type === 'log') report(event)
    }
    const { status, error } = await migrateDatabase(mine, onlyLog, signal)
    if (status === 'succeeded') return
    throw new AppError({
      code: errorCodes.find((code) => code === error?.code) ?? 'COPY_FAILED',
      operation: 'copy a SQLite file to PostgreSQL',
      message: error?.message ?? 'The SQLite file could not be copied to PostgreSQL.',
      ...(error?.hint === undefined ? {} : { hint: error.hint }),
    })
  }
}
