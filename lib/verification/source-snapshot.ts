import { openSqlite, type SqliteDatabase } from '@/lib/sqlite/open-database'

/** Opens the source for reading, in a transaction whose reads are all of one moment. Close it when done. */
export function openSourceSnapshot(sourcePath: string): SqliteDatabase {
  const db = openSqlite(sourcePath, { readonly: true })
  try {
    db.exec('BEGIN')
    // BEGIN alone takes no snapshot: the first read does.
    db.prepare('SELECT count(*) FROM sqlite_schema').get()
    return db
  } catch (error) {
    db.close()
    throw error
  }
}
