import { quoteName } from '@/lib/core/quoted-name'
import { withPostgres } from '@/lib/postgres/connect'
import { openSqlite } from '@/lib/sqlite/open-database'
import type { BackupSource, FileRowQueries } from './database-snapshot'
import { tryInScratchDatabase } from './scratch-database'
import type { StartServer } from './scratch-server'
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

/**
 * Where a PostgreSQL dump is tried: on the app's own server beside its database, or, while the app is on SQLite, on one that
 * is started for it.
 *
 * @param foreign whether the archive came from elsewhere: see `ScratchPlace`
 */
export function tryPostgresIn(
  source: BackupSource,
  startServer: StartServer | undefined,
  foreign: boolean,
): TryRestoreOptions['tryPostgres'] {
  if (source.engine === 'postgresql')
    return (folder, manifest, signal) => tryInScratchDatabase({ url: source.url, foreign }, folder, manifest, signal)
  if (startServer === undefined) return null
  return async (folder, manifest, signal) => {
    const server = await startServer(signal)
    try {
      return await tryInScratchDatabase({ url: server.url, foreign }, folder, manifest, signal)
    } finally {
      await server.stop()
    }
  }
}
