import { pipeline } from 'node:stream/promises'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { throwIfAborted } from '@/lib/core/abort'
import type { PostgresTable, SqliteTable } from '@/lib/core/catalogue'
import { AppError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import { qualifiedName, quoteName, quoteNames } from '@/lib/core/quoted-name'
import type { TableMapping } from '@/lib/core/table-mapping'
import { readPostgresCatalogue } from '@/lib/postgres/catalogue'
import { connectPostgres, toPostgresError } from '@/lib/postgres/connect'
import { readMark } from '@/lib/postgres/copy-mark'
import { lockTarget } from '@/lib/postgres/target-lock'
import { schemaOf, targetLabel } from '@/lib/postgres/target-url'
import { mapTables } from '@/lib/schema/map-tables'
import { readSqliteCatalogue } from '@/lib/sqlite/catalogue'
import { openSqlite, type SqliteDatabase } from '@/lib/sqlite/open-database'
import { asBytes, copyColumns, lineExpression, registerCopyFunctions } from '@/lib/sqlite/values/copy-line'
import { tableAlias } from '@/lib/sqlite/values/sql-text'
import { withComparisonKey } from '@/lib/verification/comparison-key'
import { type PrintedKey, sourceCondition, targetCondition } from '@/lib/verification/find-row'
import type { RowDifference, TableComparison } from '@/lib/verification/verification-result'
import { verifyDatabases } from '@/lib/verification/verify-databases'
import { withoutUniqueIndexes } from './without-unique-indexes'

export interface RecopyOptions {
  readonly sourcePath: string
  readonly targetUrl: string
  readonly tables: readonly string[]
  /** Only these rows; default: every row of the tables that differs. */
  readonly rows?: readonly { readonly table: string; readonly key: PrintedKey }[]
}

export interface RecopyResult {
  /** `succeeded` when after the second check nothing of these tables differs any more. */
  readonly status: 'succeeded' | 'failed'
  readonly tables: readonly {
    readonly table: string
    /** Rows written from the source, and rows taken away because the source has none. */
    readonly copied: number
    readonly removed: number
    readonly differencesBefore: number
    readonly differencesAfter: number
  }[]
  /** The second check: the whole tables, compared anew after the commit. */
  readonly checked: readonly TableComparison[]
}

/** Rows copied again in one go; more means that the copy should be made anew. */
const mostRows = 100_000

/**
 * Copies rows that differ once more, by the engine's own encoder: the tables are compared, what differs is written over
 * from the source (or taken away where the source has no such row) in one PostgreSQL transaction, and the whole tables are
 * compared again. A row is overwritten in place: nothing that refers to it cascades. Rows that exchange unique values are
 * written too. After a failure nothing was changed.
 *
 * @throws AppError STATE_CONFLICT once the app was switched to the target: a newer write could be overwritten;
 *   TARGET_*, SOURCE_*, CANCELLED
 */
export async function recopyRows(options: RecopyOptions, report: Report, signal: AbortSignal): Promise<RecopyResult> {
  const { sourcePath, targetUrl, tables } = options
  const compare = () => verifyDatabases({ sourcePath, targetUrl, tables, mostNamed: mostRows }, report, signal)
  const client = await connectPostgres(targetUrl, { applicationName: 'bascule recopy' })
  try {
    await lockTarget(client)
    await requireNotSwitched(client)
    const before = (await compare()).tables
    const done = await writeRows(client, options, before, signal)
    report({ type: 'log', level: 'info', message: 'The rows were copied again; comparing their tables once more.' })
    const checked = (await compare()).tables
    return {
      status: checked.length > 0 && checked.every(({ content }) => content === 'identical') ? 'succeeded' : 'failed',
      tables: tables.map((table) => ({
        table,
        copied: done.get(table)?.copied ?? 0,
        removed: done.get(table)?.removed ?? 0,
        differencesBefore: before.find((each) => each.table === table)?.differencesTotal ?? 0,
        differencesAfter: checked.find((each) => each.table === table)?.differencesTotal ?? 0,
      })),
      checked,
    }
  } catch (error) {
    throw toPostgresError(error, targetLabel(targetUrl))
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function requireNotSwitched(client: pg.Client): Promise<void> {
  const mark = await readMark(client)
  if (mark?.state !== 'switched') return
  throw new AppError({
    code: 'STATE_CONFLICT',
    operation: 'copy rows again',
    message: 'The app runs on this PostgreSQL database: a row copied again could overwrite what was written since the switch.',
    hint: 'Correct the row by hand, or switch back to SQLite and migrate again.',
  })
}

type Done = ReadonlyMap<string, { readonly copied: number; readonly removed: number }>

async function writeRows(
  client: pg.Client,
  options: RecopyOptions,
  compared: readonly TableComparison[],
  signal: AbortSignal,
): Promise<Done> {
  const db = openSqlite(options.sourcePath, { readonly: true })
  try {
    registerCopyFunctions(db)
    db.exec('BEGIN')
    const source = readSqliteCatalogue(db)
    const target = await readPostgresCatalogue(client, schemaOf(options.targetUrl))
    const mappings = mapTables(source, target).tables
    const done = new Map<string, { copied: number; removed: number }>()
    await client.query('BEGIN')
    try {
      // A reference between two rows that are both copied again holds at the end, not at each step, where it can wait.
      await client.query('SET CONSTRAINTS ALL DEFERRED')
      for (const { table, differences } of compared) {
        throwIfAborted(signal)
        const mapping = mappings.find((candidate) => candidate.table === table)
        const own = source.tables.find((candidate) => candidate.name === table)
        const counterpart = target.tables.find((candidate) => candidate.name === table)
        if (!mapping || !own || !counterpart) continue
        const keyed = withComparisonKey(mapping, own)
        const wanted = differences.filter((difference) => !difference.because && isWanted(options, table, difference))
        done.set(
          table,
          await writeTable({ client, db, mapping: keyed, source: own, target: counterpart, isUtf16: source.encoding !== 'UTF-8' }, wanted),
        )
      }
      await client.query('COMMIT')
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined)
      throw error
    }
    return done
  } finally {
    db.close()
  }
}

function isWanted({ rows }: RecopyOptions, table: string, { key }: RowDifference): boolean {
  return rows === undefined || rows.some((row) => row.table === table && JSON.stringify(row.key) === JSON.stringify(key))
}

interface TableSides {
  readonly client: pg.Client
  readonly db: SqliteDatabase
  readonly mapping: TableMapping
  readonly source: SqliteTable
  readonly target: PostgresTable
  readonly isUtf16: boolean
}

async function writeTable(sides: TableSides, differences: readonly RowDifference[]): Promise<{ copied: number; removed: number }> {
  const { client, db, mapping, source } = sides
  // Rows taken away come first: one of them may hold a unique value that a row copied again has.
  let removed = 0
  for (const { key } of differences.filter(({ kind }) => kind === 'missing-in-source')) {
    const condition = targetCondition(mapping, key)
    if (!condition) continue
    const gone = await client.query(`DELETE FROM ${qualifiedName(mapping.targetSchema, mapping.table)} WHERE ${condition.sql}`, [
      ...condition.params,
    ])
    removed += gone.rowCount ?? 0
  }
  const keys = new Map(differences.filter(({ kind }) => kind !== 'missing-in-source').map(({ key }) => [JSON.stringify(key), key]))
  if (keys.size === 0) return { copied: 0, removed }
  const draft = quoteName('_bascule_recopied')
  const columns = copyColumns(mapping)
  const list = quoteNames(columns)
  const types = columns.map((name) => `${quoteName(name)} ${sides.target.columns.find((column) => column.name === name)?.type ?? 'text'}`)
  await client.query(`CREATE TEMPORARY TABLE ${draft} (${types.join(', ')}) ON COMMIT DROP`)
  const line = asBytes(lineExpression(mapping, sides.isUtf16), sides.isUtf16)
  const lines = function* () {
    for (const key of keys.values()) {
      const condition = sourceCondition(db, source, mapping, key)
      if (!condition) continue
      yield* db
        .prepare(`SELECT ${line} FROM ${quoteName(mapping.table)} AS ${tableAlias} WHERE ${condition.sql}`)
        .pluck()
        .iterate(...condition.params)
    }
  }
  await pipeline(lines, client.query(copyFrom(`COPY pg_temp.${draft} (${list}) FROM STDIN`)))
  const { targetSchema, table } = mapping
  const copied = await withoutUniqueIndexes(client, { schema: targetSchema, name: table }, () => mergeDraft(sides, draft, columns))
  await client.query(`DROP TABLE pg_temp.${draft}`)
  return { copied, removed }
}

/** Overwrites what is there and inserts what is not; a table without a key only gets rows that it lacks. */
async function mergeDraft({ client, mapping, target }: TableSides, draft: string, columns: readonly string[]): Promise<number> {
  const list = quoteNames(columns)
  const overriding = target.columns.some(({ identity }) => identity === 'always') ? ' OVERRIDING SYSTEM VALUE' : ''
  const name = qualifiedName(mapping.targetSchema, mapping.table)
  if (mapping.primaryKey.length > 0) {
    const others = columns.filter((column) => !mapping.primaryKey.includes(column))
    const on = mapping.primaryKey.map((column) => `t.${quoteName(column)} = d.${quoteName(column)}`).join(' AND ')
    if (others.length > 0) {
      const set = others.map((column) => `${quoteName(column)} = d.${quoteName(column)}`).join(', ')
      await client.query(`UPDATE ${name} AS t SET ${set} FROM pg_temp.${draft} AS d WHERE ${on}`)
    }
    await client.query(
      `INSERT INTO ${name} (${list})${overriding} SELECT ${list} FROM pg_temp.${draft} AS d WHERE NOT EXISTS (SELECT 1 FROM ${name} AS t WHERE ${on})`,
    )
  } else await client.query(`INSERT INTO ${name} (${list})${overriding} SELECT ${list} FROM pg_temp.${draft}`)
  const { rows } = await client.query<{ rows: string }>(`SELECT count(*)::text AS rows FROM pg_temp.${draft}`)
  return Number(rows[0]?.rows ?? 0)
}
