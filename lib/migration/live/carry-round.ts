import type pg from 'pg'
import { throwIfAborted } from '@/lib/core/abort'
import { AppError } from '@/lib/core/errors'
import { qualifiedName, quoteName } from '@/lib/core/quoted-name'
import { forgettingSql, parseWaitingTables, type WaitingTable, waitingKeysSql, waitingTablesSql } from '@/lib/postgres/change-log'
import { destroy, sqlStateOf, toPostgresError } from '@/lib/postgres/connect'
import { writeBehindFence } from '@/lib/sqlite/fence'
import type { SqliteDatabase } from '@/lib/sqlite/open-database'
import { compareListedRows } from '@/lib/verification/compare-listed-rows'
import { compareWholeTable } from '@/lib/verification/compare-whole-table'
import type { CarriedTable } from './carried-table'
import type { CarryPlan } from './carry-plan'
import { createRowWriter } from './carry-rows'
import { requireNothingExtra } from './extra-columns'
import { rowWords } from './row-words'

export interface CarrySides {
  /** The fenced file, opened with foreign keys off, so that no cascade runs a second time. */
  readonly db: SqliteDatabase
  readonly client: pg.Client
  readonly plan: CarryPlan
}

export interface CarriedRound {
  /** Keys whose rows were carried, and rows of tables without a key. */
  readonly changes: number
  readonly elapsedMs: number
}

/**
 * Carries everything that the change log of PostgreSQL holds now into the SQLite file: the rows of all logged keys as they
 * are, in one snapshot. In the end the file is what PostgreSQL was at that instant.
 *
 *   PostgreSQL: snapshot ─> rows read ─────────────────────────────────────────────> entries forgotten ─> COMMIT
 *   SQLite:                   BEGIN ─> rows written ─> the same rows compared ─> COMMIT ┘
 *
 * Killed between the two commits the same keys are carried once more, from the rows as they are then: safe to repeat.
 *
 * @throws AppError CONTENT_DIFFERS when a row written is not the row that is there; VALUE_REFUSED for one that SQLite cannot
 *   hold, STRUCTURE_UNSUPPORTED for one that it has no place for; TARGET_*, SOURCE_*, CANCELLED. Nothing was written then.
 */
export async function carryRound(sides: CarrySides, signal: AbortSignal): Promise<CarriedRound> {
  const started = performance.now()
  const { client } = sides
  const stalled = setTimeout(() => destroy(client), stallLimitMs)
  const goesOn = () => {
    stalled.refresh()
    throwIfAborted(signal)
  }
  try {
    const waiting = await beginRound(client)
    const changes = waiting.reduce((sum, table) => sum + table.changes, 0)
    if (waiting.length > 0) {
      const tables = waiting.map(({ table, isKeyed }) => ({ table: plannedTable(sides.plan, table), isKeyed }))
      await writeBehindFence(sides.db, async () => {
        try {
          await carryTables(sides, tables, changes <= fewKeys, goesOn)
        } catch (error) {
          // Named by its own side: what goes wrong with PostgreSQL is no fault of the file that is written.
          throw isSqliteError(error) ? error : toPostgresError(error, 'PostgreSQL')
        }
      })
    }
    await client.query(waiting.length > 0 ? `${forgettingSql}; COMMIT` : 'COMMIT')
    return { changes, elapsedMs: performance.now() - started }
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined)
    throw error
  } finally {
    clearTimeout(stalled)
  }
}

/** Opens the snapshot of a round and answers what waits in it. The last round is waited for by all, and made of round trips. */
async function beginRound(client: pg.Client): Promise<readonly WaitingTable[]> {
  try {
    return parseWaitingTables(lastRows(await client.query(`BEGIN ISOLATION LEVEL REPEATABLE READ; ${waitingTablesSql}`)))
  } catch (error) {
    // Nothing was ever logged here.
    if (sqlStateOf(error) !== undefinedTable) throw error
    await client.query('ROLLBACK; BEGIN')
    return []
  }
}

const undefinedTable = '42P01'

/** Of several statements pg answers several results. */
function lastRows(answer: unknown): readonly unknown[] {
  return (Array.isArray(answer) ? answer.at(-1) : answer).rows
}

/** The server not answering for so long means that nobody is there any more; the file must not stay locked for it. */
const stallLimitMs = 120_000

/**
 * Up to so many keys every row is looked up by the index of its key. PostgreSQL knows nothing of the keys in the log, and would
 * read the whole of a large table for a handful of them: most of what a short round took.
 */
const fewKeys = 500
const byIndex = ['hashjoin', 'mergejoin', 'seqscan'].map((plan) => `SET LOCAL enable_${plan} = off`).join('; ')

function isSqliteError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_')
}

type Waiting = readonly { readonly table: CarriedTable; readonly isKeyed: boolean }[]

async function carryTables(sides: CarrySides, waiting: Waiting, areFew: boolean, goesOn: () => void): Promise<void> {
  const { db, client, plan } = sides
  for (const { name } of plan.triggers) db.exec(`DROP TRIGGER ${quoteName(name)}`)
  const writers = waiting.map(({ table, isKeyed }, index) => ({
    table,
    writer: createRowWriter(db, table, index, isKeyed && table.key.length > 0),
  }))
  const cursors = writers.map(({ table, writer }, index) => openingOf(table, writer.isKeyed ? table.key : [], `bascule_carried_${index}`))
  for (const { table, writer } of writers) await requireNothingExtra(client, table.target, table.extra, writer.isKeyed ? table.key : [])
  // All in one message. Cursors end with the transaction.
  const openings = `${areFew ? `${byIndex}; ` : ''}${cursors.map(({ sql }) => sql).join('; ')}`
  const opened = await fetched(client, openings)
  // All rows leave before any comes: two rows may have exchanged a value that must be unique.
  for (const [index, { writer }] of writers.entries()) {
    const cursor = cursors[index]
    if (!cursor) continue
    for await (const rows of readRows(client, cursor, opened[index] ?? [], goesOn)) for (const row of rows) writer.take(row)
  }
  for (const { writer } of writers) writer.finish()
  for (const { sql } of plan.triggers) db.exec(sql)
  for (const { table, writer } of writers) {
    goesOn()
    if (writer.hasMissed) await requireEqualCounts(sides, table)
    await (writer.isKeyed ? requireSame(sides, table) : requireSameTable(sides, table, goesOn))
  }
}

type TextRow = readonly (string | null)[]

interface RowCursor {
  readonly name: string
  readonly table: CarriedTable
  /** Opens it and fetches its first rows. */
  readonly sql: string
  readonly firstSize: number
}

/** Every value as the text that PostgreSQL prints, in the order of `RowWriter.take`. */
function openingOf(carried: CarriedTable, key: readonly string[], name: string): RowCursor {
  const { mapping, columns } = carried
  const table = qualifiedName(mapping.targetSchema, mapping.table)
  const values = columns.map((column) => `t.${quoteName(column.name)}::text`)
  const sql =
    key.length === 0
      ? `SELECT ${['true::text', ...values].join(', ')} FROM ${table} AS t`
      : `SELECT ${[...key.map((part) => `r.${quoteName(part)}::text`), 'r.bascule_is_new::text', '(t.ctid IS NOT NULL)::text', ...values].join(', ')}
         FROM (${waitingKeysSql(mapping.targetSchema, mapping.table, key)}) AS r
         LEFT JOIN ${table} AS t ON ${key.map((part) => `t.${quoteName(part)} = r.${quoteName(part)}`).join(' AND ')}`
  const known = rowBytesSeen.get(carried)
  const firstSize = known === undefined ? firstRows : Math.max(1, Math.min(mostRows, Math.floor(firstBytes / known)))
  return { name, table: carried, firstSize, sql: `DECLARE ${name} NO SCROLL CURSOR FOR ${sql}; FETCH ${firstSize} FROM ${name}` }
}

async function* readRows(
  client: pg.Client,
  { name, table, firstSize }: RowCursor,
  first: readonly TextRow[],
  goesOn: () => void,
): AsyncGenerator<readonly TextRow[]> {
  for (let size = firstSize, rows = first; ; ) {
    goesOn()
    if (rows.length > 0) yield rows
    if (rows.length < size) return
    const sum = rows.reduce((all, row) => all + row.reduce((bytes, value) => bytes + (value?.length ?? 0), 0), 0)
    const rowBytes = Math.max(1, sum / rows.length)
    rowBytesSeen.set(table, rowBytes)
    size = Math.max(1, Math.min(mostRows, Math.floor(batchBytes / rowBytes)))
    rows = (await fetched(client, `FETCH ${size} FROM ${name}`))[0] ?? []
  }
}

/** The rows of each FETCH among the statements. */
async function fetched(client: pg.Client, text: string): Promise<readonly (readonly TextRow[])[]> {
  const answer: unknown = await client.query<(string | null)[]>({ text, rowMode: 'array' })
  const results = (Array.isArray(answer) ? answer : [answer]) as readonly pg.QueryArrayResult<(string | null)[]>[]
  return results.filter(({ command }) => command === 'FETCH').map(({ rows }) => rows)
}

/** Rows of unknown size come few at first, then as many as `batchBytes` hold; the next round knows how large they are. */
const firstRows = 20
const mostRows = 2_000
const firstBytes = 512 * 1024
const batchBytes = 8 * 1024 * 1024
const rowBytesSeen = new WeakMap<CarriedTable, number>()

/** Only where a row may stand in the file twice: a large table takes longer to count than writes should wait. */
async function requireEqualCounts({ db, client }: CarrySides, { mapping: { targetSchema, table } }: CarriedTable): Promise<void> {
  const { rows } = await client.query<{ rows: string }>(`SELECT count(*)::text AS rows FROM ${qualifiedName(targetSchema, table)}`)
  const written = db
    .prepare(`SELECT count(*) FROM ${quoteName(table)}`)
    .pluck()
    .get()
  if (String(written) !== rows[0]?.rows) throw differs(table, 'its number of rows')
}

async function requireSame({ db, client }: CarrySides, { mapping, source, key, oddKeys }: CarriedTable): Promise<void> {
  const { targetSchema, table } = mapping
  const keysSql = waitingKeysSql(targetSchema, table, key)
  const { difference } = await compareListedRows({ db, client, source, mapping, key, keysSql, hasOddKeys: oddKeys !== null })
  if (difference === null) return
  const row = rowWords(table, difference.key)
  throw differs(table, difference.column === null ? row : `the column ${difference.column} in ${row}`)
}

async function requireSameTable({ db, client }: CarrySides, { mapping }: CarriedTable, goesOn: () => void): Promise<void> {
  const difference = await compareWholeTable({ db, client, mapping, goesOn })
  if (difference === null) return
  if (difference.kind === 'count') throw differs(mapping.table, 'its number of rows')
  throw differs(mapping.table, difference.column === null ? 'a row' : `the column ${difference.column}`)
}

function differs(table: string, what: string): AppError {
  return new AppError({
    code: 'CONTENT_DIFFERS',
    operation: 'carry changes back to SQLite',
    subject: table,
    message: `The table ${table} differs after its changes were carried to SQLite: ${what} is not the same on both sides.`,
    hint: 'Nothing was changed and the app goes on on PostgreSQL. A column of SQLite may keep such a value as another one, as NUMERIC keeps 01 as 1: correct the row on PostgreSQL, then switch back.',
  })
}

function plannedTable(plan: CarryPlan, name: string): CarriedTable {
  const found = plan.tables.find(({ mapping }) => mapping.table === name)
  if (found) return found
  throw new AppError({
    code: 'STRUCTURE_UNSUPPORTED',
    operation: 'carry changes back to SQLite',
    subject: name,
    message: `The table ${name} was written on PostgreSQL since the switch, and one of the two databases no longer has it.`,
    hint: 'The structure was changed since the switch. Undo that change, then switch back.',
  })
}
