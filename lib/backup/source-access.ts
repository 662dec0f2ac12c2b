import { quoteName } from '@/lib/core/quoted-name'
import { withPostgres } from '@/lib/postgres/connect'
import { openSqlite } from '@/lib/sqlite/open-database'
import type { BackupSource, FileRowQueries } from './database-snapshot'
import { tryInScratchDatabase } from './scratch-database'
import type { TryRestoreOptions } from './try-restore'

/** Whether the live database has a row for a file at this moment. */
export async function hasFileRow(source: BackupSource, rows: FileRowQueries, storagePath: string, signal: AbortSignal): Promise<boolean> {
  if (source.engine === 'sqlite') {
    const db = openSqlite(source.path, { readonly: true })
    try {
      return db.prepare(`SELECT 1 FROM ${quoteName(rows.table)} WHERE "storagePath" = ?`).get(storagePath) !== undefined
    } finally {
      db.close()
    }
  }
  return withPostgres(source.url, { applicationName: 'bascule backup', signal }, async (client) => {
    const { rowCount } = await client.query(`SELECT 1 FROM ${quoteName(rows.table)} WHERE "storagePath" = $1`, [storagePath])
    return rowCount !== 0
  })
}

/** Where a PostgreSQL dump of this source is tried: beside it, on the same server. */
export function tryPostgresIn(source: BackupSource): TryRestoreOptions['tryPostgres'] {
  if (source.engine === 'sqlite') return null
  const { url } = source
  return (folder, manifest, signal) => tryInScratchDatabase(url, folder, manifest, signal)
}
