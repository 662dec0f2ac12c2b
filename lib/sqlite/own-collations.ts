import { z } from 'zod'
import type { SqliteTable } from '@/lib/core/catalogue'
import { AppError } from '@/lib/core/errors'
import type { SqliteDatabase } from './open-database'

/** All that SQLite brings along. PRAGMA collation_list lists also what a schema merely asks for. */
const known: readonly string[] = ['BINARY', 'NOCASE', 'RTRIM']
const statementRows = z.array(z.object({ sql: z.string().nullable() }))

/**
 * Refuses a file whose tables or indexes use a collation that the program which wrote it registers for itself (Anki's
 * `unicase`, for one): SQLite can neither compare nor always read such a table without it, and says so in ways that nobody
 * understands ("no query solution").
 *
 * @throws AppError SOURCE_UNREADABLE, with the table, the column and a way to a copy that can be moved
 */
export function refuseOwnCollations(db: SqliteDatabase, tables: readonly SqliteTable[]): void {
  for (const table of tables) {
    const uses = [
      ...table.columns.map(({ name, collation }) => ({ place: `${table.name}.${name}`, collation })),
      ...table.indexes.flatMap(({ name, parts }) => parts.map(({ collation }) => ({ place: `${table.name}, index ${name}`, collation }))),
    ]
    const use = uses.find(({ collation }) => !known.includes(collation))
    if (use) throw refusal(use.place, spelling(db, use.collation))
  }
}

function refusal(place: string, written: string): AppError {
  const name = written.replace(/^collate\s+/i, '')
  const text = written.replaceAll("'", "''")
  return new AppError({
    code: 'SOURCE_UNREADABLE',
    operation: 'read the SQLite file',
    subject: place,
    message: `${place} uses the collation ${name}, which SQLite does not have: the program that wrote the file brings it along.`,
    hint:
      'Make a copy that does without, and move that: cp app.db copy.db; ' +
      `sqlite3 copy.db "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = replace(sql, '${text.replaceAll('"', '\\"')}', 'COLLATE BINARY')"; ` +
      // A dump with rows of sqlite_stat4 cannot be read by an sqlite3 that is built without it, as Debian's is.
      'sqlite3 copy.db "DROP TABLE IF EXISTS sqlite_stat4" .dump | sqlite3 plain.db. Texts are then unique and sorted by their bytes.',
  })
}

/** `COLLATE name` as it stands in the schema: the copy's UPDATE has to find it. */
function spelling(db: SqliteDatabase, collation: string): string {
  const escaped = collation.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const pattern = new RegExp(`collate\\s+["'\`[]?${escaped}["'\`\\]]?`, 'i')
  const statements = statementRows.parse(db.prepare('SELECT sql FROM sqlite_master').all())
  for (const { sql } of statements) {
    const found = pattern.exec(sql ?? '')
    if (found) return found[0]
  }
  return `COLLATE ${collation}`
}
