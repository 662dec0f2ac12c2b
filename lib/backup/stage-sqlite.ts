import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import { ensureSchema } from '@/lib/database/ensure-schema'
import { schemaMigrationsTable } from '@/lib/schema/map-tables'
import { openSqlite } from '@/lib/sqlite/open-database'
import type { BackupSetup } from './make-backup'
import type { Manifest } from './manifest'
import { withScratchDatabase } from './scratch-database'
import { countSqliteTables, requireIntegrity, sqliteMember } from './snapshot-sqlite'
import { countAll, dropBookkeeping, loadChecked } from './stage-postgres'
import { requireEqualCounts } from './try-restore'

export interface StageSqliteOptions {
  readonly setup: BackupSetup
  /** Where the archive's members lie, each checked: `<work>/database/…`. */
  readonly work: string
  readonly manifest: Manifest
  /** Whether the archive came from elsewhere, trusted or not. */
  readonly foreign: boolean
  readonly report: Report
  readonly signal: AbortSignal
}

/**
 * Makes an SQLite file of a PostgreSQL dump, at the place where that of an SQLite backup would lie:
 *
 *   a server of its own ─> scratch database: loaded, counted against the manifest, brought to today's schema
 *     ─> a new file with today's schema ─> every row written as Prisma would ─> every row compared ─> counted
 *
 * The dump runs on a server where nothing of the app's is.
 *
 * @throws AppError TARGET_UNREACHABLE, DUMP_FAILED, COUNTS_DIFFER, CONTENT_DIFFERS, VALUE_REFUSED, STRUCTURE_UNSUPPORTED,
 *   LOCAL_DISK_FULL, CANCELLED
 */
export async function stageInSqlite(options: StageSqliteOptions): Promise<void> {
  const { setup, work, manifest, foreign, report, signal } = options
  const { copyBack, startServer } = setup
  if (!copyBack || !startServer) throw notHere()
  const file = join(work, sqliteMember)
  const server = await startServer(signal)
  try {
    report({ type: 'log', level: 'info', message: 'The dump is read by a PostgreSQL server of its own and carried over to SQLite.' })
    await withScratchDatabase({ url: server.url, foreign }, manifest.database.schema ?? 'public', signal, async (scratch) => {
      await loadChecked(options, scratch)
      await dropBookkeeping(scratch.client)
      await rm(file, { force: true })
      await ensureSchema({ engine: 'sqlite', path: file }, setup.root)
      await copyBack(scratch.url, file, report, signal)
      const expected = (await countAll(scratch.client, scratch.target.schema)).filter(({ table }) => table !== schemaMigrationsTable)
      const db = openSqlite(file, { readonly: true })
      try {
        const found = await countSqliteTables(db, signal)
        requireEqualCounts(
          expected,
          found.filter(({ table }) => table !== schemaMigrationsTable),
        )
      } finally {
        db.close()
      }
    })
    await requireIntegrity(file, signal)
  } finally {
    await server.stop()
  }
}

function notHere(): AppError {
  return new AppError({
    code: 'STATE_CONFLICT',
    operation: 'restore a backup',
    message: 'A PostgreSQL backup cannot be brought into SQLite from here.',
    hint: 'Restore it from the Backups page or with npm run backup -- restore.',
  })
}
