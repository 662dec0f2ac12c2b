import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { z } from 'zod'
import { throwIfAborted } from '@/lib/core/abort'
import { AppError, reportError } from '@/lib/core/errors'
import { qualifiedName, quoteName, quoteNames } from '@/lib/core/quoted-name'
import { destroy, toPostgresError } from '@/lib/postgres/connect'
import { placeInCopy } from '@/lib/postgres/copy-place'
import { sendTogether, type TogetherStep } from '@/lib/postgres/send-together'
import { highestChange } from '@/lib/sqlite/change-log'
import type { SqliteDatabase } from '@/lib/sqlite/open-database'
import { copyColumns, registerCopyFunctions } from '@/lib/sqlite/values/copy-line'
import { compareRowSets, type RowSetComparison } from '@/lib/verification/compare-row-sets'
import { copyOut } from '@/lib/verification/copy-out'
import { fieldSql } from '@/lib/verification/target-row-sql'
import { TargetRows } from '@/lib/verification/target-rows'
import { advanceApplied } from './applied-number'
import { type AppliedTable, type ChangeRange, createTouchedRows, keyColumnsOf, type TouchedRows } from './touched-rows'

/** What one round came to. */
export interface AppliedRound {
  /** The copy is now the source as it was when this was its highest change. */
  readonly upTo: number
  /** Entries of the log that the round covers. */
  readonly changes: number
  /** Distinct keys among them, and the rows that these keys have now. */
  readonly keys: number
  readonly rows: number
  readonly elapsedMs: number
}

export interface ApplyOptions {
  /** With no transaction open; holds the target's lock. */
  readonly client: pg.Client
  readonly tables: readonly AppliedTable[]
  /** What the target says is applied. */
  readonly applied: number
}

export interface RoundOptions {
  readonly signal?: AbortSignal
  /**
   * Reads back what was written, in the same transaction, and compares it with the source: then what was equal before the
   * round is known to be equal after it. Default: false.
   */
  readonly prove?: boolean
}

/** Applies changes in rounds. One at a time; made anew when the connection was cut. */
export interface ChangeApplier {
  /** Where the copy stands. */
  readonly applied: number
  /**
   * One round: everything after the last one that this connection's snapshot sees, in one PostgreSQL transaction with the
   * number. So the copy is the source as it was at one moment, after each round, and whatever the rounds were cut by.
   *
   * Of each key that was touched the row is deleted on PostgreSQL, then inserted as it is now, if it is still there. All
   * deletions come before all insertions: a unique value that went from one row to another never stands twice. References
   * must not stand on the target, or their cascades would fire.
   *
   * @param db a connection to the source, or to a snapshot of it; a transaction that is open on it is read in, and left open
   * @throws AppError VALUE_REFUSED, TARGET_REFUSED_ROW with table and key; CONTENT_DIFFERS; STATE_CONFLICT; TARGET_*; CANCELLED. Then nothing
   *   of the round is applied, and it may be repeated.
   */
  round(db: SqliteDatabase, options?: RoundOptions): Promise<AppliedRound>
}

/** Keys up to which a table's rows are looked up one by one; beyond, PostgreSQL is told how many there are and plans by itself. */
const fewKeys = 500
/** The server not answering for so long means that nobody is there any more; the source's snapshot must not be held for it. */
const stallLimitMs = 120_000
const pieceBytes = 128 * 1024
/** Rows that are held in memory to be sent in one message. */
const fewBytes = 1024 * 1024

/**
 * Prepares this session: a temporary table of keys for each table, so that a round asks the catalogue for nothing.
 *
 * @throws AppError TARGET_NOT_PRIVILEGED when the role may not make temporary tables, TARGET_*
 */
export async function createChangeApplier({ client, tables, applied: start }: ApplyOptions): Promise<ChangeApplier> {
  const statements = tables.map((table) => ({ table, ...statementsOf(table) }))
  for (const { create } of statements) await client.query(create)
  const readers = new WeakMap<SqliteDatabase, SourceReader>()
  let applied = start

  const readerOf = (db: SqliteDatabase): SourceReader => {
    const known = readers.get(db) ?? createReader(db, tables)
    readers.set(db, known)
    return known
  }
  const apply = async (reader: SourceReader, range: ChangeRange, prove: boolean, isCareful: boolean, goesOn: () => void) => {
    const totals = { changes: 0, keys: 0, rows: 0 }
    const counts = reader.counts(range)
    const touched = statements.flatMap((one) => {
      const changes = counts.get(one.table.captured.number) ?? 0
      totals.changes += changes
      return changes === 0 ? [] : [{ ...one, changes, rows: reader.rowsOf(one.table) }]
    })
    for (const { table, rows } of touched) if (rows.hasRowWithoutKey(range)) throw missingKey(table)
    const few = isCareful || totals.changes > fewKeys ? null : readFew(touched, range)
    if (few) {
      await sendTogether(client, few.steps)
      totals.keys = few.keys
      totals.rows = few.rows
    }
    for (const { table, rows, copyKeys, removeFew, removeMany } of few ? [] : touched) {
      goesOn()
      const keys = await send({ client, sql: copyKeys, source: pieces(rows.keys(range)), goesOn }, table, () => null)
      totals.keys += keys
      await client.query(keys > fewKeys ? removeMany : removeFew)
    }
    for (const { table, rows, copyRows } of few ? [] : touched) {
      totals.rows += await send({ client, sql: copyRows, source: rows.rows(range), goesOn }, table, (line) => rows.printKey(range, line))
    }
    if (prove && touched.length > 0) {
      if (!few && totals.keys <= fewKeys) await client.query(byIndex)
      for (const { table, rows, readRows } of touched) {
        goesOn()
        const target = new TargetRows(copyOut(client, readRows), table.mapping.columns.length)
        requireEqual(table, await compareRowSets(table.mapping, rows.values(range), target))
      }
    }
    return totals
  }
  return {
    get applied() {
      return applied
    },
    async round(db, { signal, prove = false } = {}) {
      const started = performance.now()
      const reader = readerOf(db)
      const stalled = setTimeout(() => destroy(client), stallLimitMs)
      const isOwn = !db.inTransaction
      if (isOwn) db.exec('BEGIN')
      try {
        const range = { after: applied, upTo: highestChange(db) }
        if (range.upTo <= range.after) return { upTo: applied, changes: 0, keys: 0, rows: 0, elapsedMs: performance.now() - started }
        await client.query('BEGIN')
        const goesOn = () => {
          stalled.refresh()
          if (signal) throwIfAborted(signal)
        }
        const totals = await apply(reader, range, prove, false, goesOn).catch(async (error: unknown) => {
          if (!namesNoRow(error)) throw error
          await client.query('ROLLBACK; BEGIN')
          return apply(reader, range, prove, true, goesOn)
        })
        await advanceApplied(client, range.after, range.upTo, prove)
        await client.query('COMMIT')
        applied = range.upTo
        return { upTo: applied, ...totals, elapsedMs: performance.now() - started }
      } catch (error) {
        await client.query('ROLLBACK').catch(() => undefined)
        throw toPostgresError(error, 'the copy')
      } finally {
        clearTimeout(stalled)
        if (isOwn) db.exec('COMMIT')
      }
    },
  }
}

/**
 * Of a temporary table that it knows nothing about PostgreSQL assumes ten pages of rows, and may read all of a large table
 * for one key.
 */
const plans = ['hashjoin', 'mergejoin', 'seqscan']
const byIndex = plans.map((plan) => `SET LOCAL enable_${plan} = off; `).join('')
const byAnyPlan = plans.map((plan) => `; SET LOCAL enable_${plan} = on`).join('')

function statementsOf({ captured, mapping }: AppliedTable) {
  const target = qualifiedName(mapping.targetSchema, mapping.table)
  const keys = `pg_temp.${quoteName(`_bascule_keys_${captured.number}`)}`
  const columns = keyColumnsOf(captured, mapping).map(({ name }) => name)
  const list = quoteNames(columns)
  const on = columns.map((name) => `t.${quoteName(name)} = k.${quoteName(name)}`).join(' AND ')
  const all = copyColumns(mapping)
  const remove = `DELETE FROM ${target} AS t USING ${keys} AS k WHERE ${on}`
  return {
    // AS SELECT takes over the types and nothing else: no identity, no default, no constraint.
    create: `DROP TABLE IF EXISTS ${keys}; CREATE TEMPORARY TABLE ${quoteName(`_bascule_keys_${captured.number}`)} ON COMMIT DELETE ROWS AS SELECT ${list} FROM ${target} WITH NO DATA`,
    copyKeys: `COPY ${keys} (${list}) FROM STDIN`,
    remove,
    removeFew: `${byIndex}${remove}${byAnyPlan}`,
    removeMany: `ANALYZE ${keys}; ${remove}`,
    copyRows: `COPY ${target} (${quoteNames(all)}) FROM STDIN`,
    readRows: `COPY (SELECT ${mapping.columns.map(fieldSql).join(', ')} FROM ${target} AS t WHERE (${list}) IN (SELECT ${list} FROM ${keys})) TO STDOUT (FORMAT binary)`,
  }
}

interface Touched extends ReturnType<typeof statementsOf> {
  readonly table: AppliedTable
  readonly rows: TouchedRows
}

/**
 * A short round as one message: on a busy machine or a long way to the server its round trips are what takes the time, and the
 * last one is what everybody waits for. Null when its rows are too large for that.
 */
function readFew(touched: readonly Touched[], range: ChangeRange): { steps: TogetherStep[]; keys: number; rows: number } | null {
  let [keys, rows, bytes] = [0, 0, 0]
  const removals: TogetherStep[] = []
  const additions: TogetherStep[] = []
  for (const { rows: source, copyKeys, copyRows, remove } of touched) {
    const lines = [...source.keys(range)]
    keys += lines.length
    removals.push({ copy: copyKeys, data: Buffer.concat(lines) }, remove)
    const parts: Buffer[] = []
    for (const { data, isEnd } of source.rows(range)) {
      parts.push(data)
      bytes += data.length
      if (isEnd) rows += 1
      if (bytes > fewBytes) return null
    }
    if (parts.length > 0) additions.push({ copy: copyRows, data: Buffer.concat(parts) })
  }
  // All removals first, as ever; and the plans stay by index for the proof.
  return { steps: [byIndex.trim().replace(/;$/, ''), ...removals, ...additions], keys, rows }
}

/** Refusals of values and rows, which the message of a whole round cannot lay at the door of one row. */
function namesNoRow(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return /^(2[23]|54)/.test(error.code ?? '')
  return reportError(error).code === 'VALUE_REFUSED' && !(error instanceof AppError && error.subject !== undefined)
}

interface SourceReader {
  /** Entries of a range by table number. */
  counts(range: ChangeRange): ReadonlyMap<number, number>
  rowsOf(table: AppliedTable): TouchedRows
}

function createReader(db: SqliteDatabase, tables: readonly AppliedTable[]): SourceReader {
  registerCopyFunctions(db)
  const isUtf16 = db.pragma('encoding', { simple: true }) !== 'UTF-8'
  const counting = db.prepare(`SELECT t, count(*) AS changes FROM _bascule_change WHERE seq > ? AND seq <= ? GROUP BY t`)
  const rows = new Map(tables.map((table) => [table, undefined as TouchedRows | undefined]))
  return {
    counts: ({ after, upTo }) => {
      const found = z.array(z.object({ t: z.number(), changes: z.number() })).parse(counting.all(after, upTo))
      return new Map(found.map(({ t, changes }) => [t, changes]))
    },
    rowsOf(table) {
      const known = rows.get(table) ?? createTouchedRows(db, table, isUtf16)
      rows.set(table, known)
      return known
    },
  }
}

function* pieces(lines: Iterable<Buffer>): Generator<{ data: Buffer; isEnd: boolean }> {
  for (const data of lines) yield { data, isEnd: true }
}

interface Sending {
  readonly client: pg.Client
  readonly sql: string
  readonly source: Iterable<{ readonly data: Buffer; readonly isEnd: boolean }>
  /** Called between pieces; throws when it is to end. */
  readonly goesOn: () => void
}

/** Sends COPY data in pieces and answers how many lines there were. */
async function send(
  { client, sql, source, goesOn }: Sending,
  table: AppliedTable,
  printKey: (line: number) => string | null,
): Promise<number> {
  const stream: Writable = client.query(copyFrom(sql))
  const ended = finished(stream)
  // Looked at when it is awaited below; until then a failure must not count as unhandled.
  ended.catch(() => undefined)
  let refusal: Error | undefined
  stream.once('error', (error) => {
    refusal = error
  })
  let lines = 0
  let batch: Buffer[] = []
  let size = 0
  const flush = async () => {
    const isFull = !stream.write(batch.length === 1 ? batch[0] : Buffer.concat(batch, size))
    batch = []
    size = 0
    if (isFull) await Promise.race([once(stream, 'drain'), ended])
    // A server that takes everything at once must not keep heartbeat and progress from their turn.
    else await new Promise((resolve) => setImmediate(resolve))
    if (refusal) throw refusal
    goesOn()
  }
  try {
    for (const { data, isEnd } of source) {
      batch.push(data)
      size += data.length
      if (isEnd) lines += 1
      if (size >= pieceBytes) await flush()
    }
    if (size > 0) await flush()
    stream.end()
    await ended
    return lines
  } catch (error) {
    stream.destroy(error instanceof Error ? error : new Error(String(error)))
    await ended.catch(() => undefined)
    throw refused(refusal ?? error, table, printKey)
  }
}

/** With table and key, and never the value: PostgreSQL's own text may quote it. */
function refused(error: unknown, { mapping }: AppliedTable, printKey: (line: number) => string | null): unknown {
  const { table } = mapping
  const known = reportError(error)
  if (known.code === 'VALUE_REFUSED') {
    return new AppError({
      code: 'VALUE_REFUSED',
      operation: 'apply changes',
      subject: table,
      message: `${table}: ${known.message}`,
      hint: `The app wrote it while the migration ran. ${known.hint ?? ''}`.trim(),
      cause: error,
    })
  }
  if (!(error instanceof pg.DatabaseError) || !/^(2[23]|54)/.test(error.code ?? '')) return error
  const { line, column } = placeInCopy(error)
  const key = line === null ? null : printKey(line)
  const rule = error.constraint === undefined ? '' : ` (rule ${error.constraint})`
  return new AppError({
    code: 'TARGET_REFUSED_ROW',
    operation: 'apply changes',
    subject: [table, column, key].filter((part) => part != null).join(' · '),
    message: `PostgreSQL refused a changed row of ${table}${column ? `, column ${column}` : ''}${key ? `, row ${key}` : ''}${rule}: SQLSTATE ${error.code}.`,
    hint: 'The app wrote this row while the migration ran. Correct it in the app, then start again.',
    cause: error,
  })
}

function requireEqual({ mapping }: AppliedTable, { missingInTarget, missingInSource }: RowSetComparison): void {
  if (missingInTarget + missingInSource === 0) return
  throw new AppError({
    code: 'CONTENT_DIFFERS',
    operation: 'apply changes',
    subject: mapping.table,
    message: `${Math.max(missingInTarget, missingInSource)} rows of ${mapping.table} are not on PostgreSQL what they are in SQLite after they were written there.`,
    hint: 'Nothing was switched: the app goes on with SQLite. Discard the copy, and report this with the table’s definition.',
  })
}

function missingKey({ mapping, captured }: AppliedTable): AppError {
  return new AppError({
    code: 'VALUE_REFUSED',
    operation: 'apply changes',
    subject: mapping.table,
    message: `${mapping.table} has a row whose key (${captured.key.join(', ')}) is NULL, which PostgreSQL does not take.`,
    hint: 'The app wrote it while the migration ran. Give the row a key, then start again.',
  })
}
