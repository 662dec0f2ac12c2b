import type { Report } from '@/lib/core/progress'
import { lowerFence, raiseFence } from '@/lib/sqlite/fence'
import { openSqlite } from '@/lib/sqlite/open-database'
import { replaceContent } from '@/lib/sqlite/replace-content'
import type { BackupView } from './backup-view'
import type { RestoreParts } from './restore-plan'
import { runPhase } from './run-phases'

/** What putting a staged backup in the place of the present needs besides the two databases. */
export interface ReplaceSteps {
  readonly parts: RestoreParts
  /** Makes the backup of the moment before. PostgreSQL: `onSnapshot` is called when its moment is fixed. */
  readonly makeSafety: (onSnapshot?: () => Promise<void>) => Promise<BackupView>
  /** Brings the archive's files back; answers how many. */
  readonly putFiles: () => Promise<number>
}

export interface Replaced {
  /** The backup of the moment before: restoring it undoes this restore. */
  readonly safetyBackupId: string
  readonly filesPutBack: number
  /** PostgreSQL: the schema where the tables of before lie until the next restore. */
  readonly setAside: string | null
}

export interface ReplaceInSqliteOptions extends ReplaceSteps {
  readonly path: string
  /** The staged file. */
  readonly staged: string
}

/** Said to whoever tries to write meanwhile. */
export const restoreReason = 'A backup is being restored; the app is read-only for a moment.'

/** Fence, safety backup, files, content: see `restoreBackup`. What fails leaves the live file as it was and lowers the fence. */
export async function replaceInSqlite(options: ReplaceInSqliteOptions, report: Report, signal: AbortSignal): Promise<Replaced> {
  const { path, staged, parts } = options
  await runPhase('waiting', report, signal, async () => ({ result: withDatabase(path, (db) => raiseFence(db, restoreReason)) }))
  try {
    const safetyBackupId = await runPhase('safety', report, signal, async () => {
      const safety = await options.makeSafety()
      return { result: safety.id, facts: { file: safety.fileName ?? '' } }
    })
    const filesPutBack = await runPhase('switching', report, signal, async () => {
      const put = await options.putFiles()
      if (parts !== 'files') await replaceContent(staged, path)
      return { result: put, facts: { files: put } }
    })
    return { safetyBackupId, filesPutBack, setAside: null }
  } finally {
    // The restored content has none; what stayed as it was takes writes again.
    withDatabase(path, lowerFence)
  }
}

function withDatabase<T>(path: string, use: (db: ReturnType<typeof openSqlite>) => T): T {
  const db = openSqlite(path)
  try {
    return use(db)
  } finally {
    db.close()
  }
}
