import type pg from 'pg'
import { throwIfAborted } from '@/lib/core/abort'
import { AppError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import { qualifiedName, quoteName } from '@/lib/core/quoted-name'
import { connectPostgres } from '@/lib/postgres/connect'
import { schemaOf } from '@/lib/postgres/target-url'
import { lowerFence, raiseFence } from '@/lib/sqlite/fence'
import { openSqlite, type SqliteDatabase, toSqliteError } from '@/lib/sqlite/open-database'
import { isSound } from '@/lib/verification/verification-result'
import { type VerifyOptions, verifyDatabases } from '@/lib/verification/verify-databases'
import type { CarriedTable } from './live/carried-table'
import { planCarry } from './live/carry-plan'
import type { CarrySides } from './live/carry-round'
import { createRowWriter } from './live/carry-rows'
import { carrySequences } from './live/carry-sequences'

/**
 * Copies all rows of a PostgreSQL database that nobody writes to into a new SQLite file of the same data model, each value as
 * Prisma would have written it, and proves every row of every table: what a PostgreSQL backup goes through when the app is
 * on SQLite. The same parts as the switch back, without a change log.
 *
 * @param sqlitePath a file with the schema, which nobody else has open; what its tables hold is replaced
 * @throws AppError VALUE_REFUSED for a row that SQLite cannot hold, STRUCTURE_UNSUPPORTED for a table or column that it lacks,
 *   CONTENT_DIFFERS, TARGET_*, SOURCE_*, CANCELLED; the file is of no use then
 */
export async function copyBack(postgresUrl: string, sqlitePath: string, report: Report, signal: AbortSignal): Promise<void> {
  const client = await connectPostgres(postgresUrl, { applicationName: 'bascule restore', signal })
  const db = openSqlite(sqlitePath)
  let tables: readonly string[]
  try {
    // The file is made for this and thrown away when something fails.
    for (const setting of ['foreign_keys = OFF', 'synchronous = OFF', 'journal_mode = MEMORY']) db.pragma(setting)
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    const plan = await planCarry(db, client, { targetSchema: schemaOf(postgresUrl), tables: [] })
    tables = plan.tables.map(({ mapping }) => mapping.table)
    const sides = { db, client, plan }
    await carryTables(sides, report, signal)
    raiseFence(db, 'a backup is being restored into this file')
    await carrySequences(sides)
    lowerFence(db)
    requireReferences(db)
    db.pragma('synchronous = FULL')
    db.pragma('journal_mode = DELETE')
  } finally {
    db.close()
    await client.end().catch(() => undefined)
  }
  await prove({ sourcePath: sqlitePath, targetUrl: postgresUrl, tables, mostNamed: 5, withoutStale: true }, signal)
}

async function carryTables({ db, client, plan }: CarrySides, report: Report, signal: AbortSignal): Promise<void> {
  try {
    db.exec('BEGIN IMMEDIATE')
    for (const { name } of plan.triggers) db.exec(`DROP TRIGGER ${quoteName(name)}`)
    for (const [index, table] of plan.tables.entries()) {
      const writer = createRowWriter(db, table, index, false)
      for await (const row of readRows(client, table, signal)) writer.take(['true', ...row])
      writer.finish()
      report({ type: 'log', level: 'info', message: `${table.mapping.table}: rows written to SQLite.` })
    }
    for (const { sql } of plan.triggers) db.exec(sql)
    db.exec('COMMIT')
  } catch (error) {
    throw toSqliteOr(error, db)
  }
}

/** Rows of unknown size come few at first, then as many as `batchBytes` hold. */
const firstRows = 20
const mostRows = 2_000
const batchBytes = 4 * 1024 * 1024

/** Every value of every row as the text that PostgreSQL prints. */
async function* readRows(
  client: pg.Client,
  { mapping, columns }: CarriedTable,
  signal: AbortSignal,
): AsyncGenerator<readonly (string | null)[]> {
  const values = columns.map(({ name }) => `${quoteName(name)}::text`)
  const table = qualifiedName(mapping.targetSchema, mapping.table)
  await client.query(`DECLARE bascule_copied NO SCROLL CURSOR FOR SELECT ${values.join(', ')} FROM ${table}`)
  for (let size = firstRows; ; ) {
    throwIfAborted(signal)
    const { rows } = await client.query<(string | null)[]>({ text: `FETCH ${size} FROM bascule_copied`, rowMode: 'array' })
    if (rows.length === 0) break
    yield* rows
    const rowBytes = rows.reduce((sum, row) => sum + row.reduce((bytes, value) => bytes + (value?.length ?? 0), 0), 0) / rows.length
    size = Math.max(1, Math.min(mostRows, Math.floor(batchBytes / Math.max(1, rowBytes))))
  }
  await client.query('CLOSE bascule_copied')
}

/** With foreign keys off nothing has looked at them. */
function requireReferences(db: SqliteDatabase): void {
  const [broken] = db.pragma('foreign_key_check') as { readonly table: string; readonly parent: string }[]
  if (broken === undefined) return
  throw new AppError({
    code: 'CONTENT_DIFFERS',
    operation: 'copy a PostgreSQL database to SQLite',
    subject: broken.table,
    message: `A row of ${broken.table} refers to a row of ${broken.parent} that is not there.`,
    hint: 'Restore this backup into PostgreSQL, and correct the row there.',
  })
}

async function prove(options: VerifyOptions, signal: AbortSignal): Promise<void> {
  const { tables } = await verifyDatabases(options, () => undefined, signal)
  const wrong = tables.find((table) => !isSound(table))
  if (!wrong) return
  throw new AppError({
    code: 'CONTENT_DIFFERS',
    operation: 'copy a PostgreSQL database to SQLite',
    subject: wrong.table,
    message: `The table ${wrong.table} is not the same in SQLite as in the backup. Nothing was changed.`,
    hint: 'Restore this backup into PostgreSQL instead.',
  })
}

function toSqliteOr(error: unknown, db: SqliteDatabase): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return code.startsWith('SQLITE_') ? toSqliteError(error, db.name) : error
}
