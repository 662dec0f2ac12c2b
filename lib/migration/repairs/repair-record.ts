import type { Statement } from 'better-sqlite3'
import type { Repair, RepairKind } from '@/lib/core/repair-choice'
import type { TableMapping } from '@/lib/core/table-mapping'
import type { SqliteDatabase } from '@/lib/sqlite/open-database'
import { printableKey } from '@/lib/sqlite/values/classify-suspects'
import { type RawValue, shapeOf } from '@/lib/sqlite/values/raw-value'
import { type KeyValue, rowKeyOf } from '@/lib/sqlite/values/row-range'
import { columnReference, quoteName, tableAlias } from '@/lib/sqlite/values/sql-text'
import type { SourceValue } from '@/lib/verification/canonical-value'
import { digestOfStored, digestOfStoredKey } from '@/lib/verification/repair-digests'

/** Why and how a row is touched. */
export interface RepairCause {
  readonly code: string
  readonly kind: RepairKind
  readonly choice: string
  /** The row found what it refers to until that row was left out. Default: false. */
  readonly isFollower?: boolean
}

/** Changes rows of the repaired copy and records each, in the same transaction. */
export interface RepairRecord {
  /** Sets one column of the row at this place. */
  change(mapping: TableMapping, place: readonly KeyValue[], column: string, before: RawValue, after: RawValue, cause: RepairCause): void
  /** Leaves the row at this place out. `column` is where the fault was. */
  remove(mapping: TableMapping, place: readonly KeyValue[], column: string | null, cause: RepairCause): void
  /** Rows touched so far. */
  readonly rows: number
  /** Completes the record of tables without a key; call it when all repairs are done. */
  finish(): void
}

/** In the repaired copy itself, so that copy and record are never of different runs. Names of ours are no tables of the source. */
const createSql = `
CREATE TABLE _bascule_repair (position INTEGER PRIMARY KEY, code TEXT, kind TEXT, choice TEXT, action TEXT, table_name TEXT,
  column_name TEXT, row_key TEXT, shape TEXT, key_digest BLOB, value_digest BLOB, follows INTEGER);
CREATE TABLE _bascule_repaired_row (table_name TEXT, place INTEGER, old_digest BLOB, new_digest BLOB, PRIMARY KEY (table_name, place));`

interface RowStatements {
  readonly readKey: Statement<unknown[]>
  readonly readRow: Statement<unknown[]>
  readonly where: string
}

/** @throws SqliteError when a change breaks a rule of the source itself (UNIQUE, CHECK) */
export function createRepairRecord(db: SqliteDatabase): RepairRecord {
  db.exec(createSql)
  const insert = db.prepare(
    `INSERT INTO _bascule_repair (code, kind, choice, action, table_name, column_name, row_key, shape, key_digest, value_digest, follows)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const keepRow = db.prepare('INSERT OR IGNORE INTO _bascule_repaired_row (table_name, place, old_digest) VALUES (?, ?, ?)')
  const statements = new Map<string, RowStatements>()
  const updates = new Map<string, Statement<unknown[]>>()
  const unkeyed = new Map<string, TableMapping>()
  let rows = 0

  const statementsOf = (mapping: TableMapping): RowStatements => {
    const known = statements.get(mapping.table) ?? prepareRow(db, mapping)
    statements.set(mapping.table, known)
    return known
  }
  const run = (sql: string, ...params: readonly RawValue[]) => {
    const statement = updates.get(sql) ?? db.prepare(sql)
    updates.set(sql, statement)
    statement.run(...params)
  }
  const keyOf = (mapping: TableMapping, place: readonly KeyValue[]) => {
    const { readKey } = statementsOf(mapping)
    // raw() answers an array; the statement selects the columns of the primary key.
    const values = (mapping.primaryKey.length === 0 ? [] : readKey.get(...place)) as RawValue[]
    const named = mapping.primaryKey.map((name, index) => [name, printableKey(values[index] ?? null)] as const)
    // A NULL in the key tells no row from another: the rowid stands beside it.
    const isWhole = named.length > 0 && values.every((value) => value !== null)
    const key = Object.fromEntries(isWhole ? named : [...named, ['rowid', String(place[0])]])
    const stored = new Map(mapping.primaryKey.map((name, index): [string, RawValue] => [name, values[index] ?? null]))
    return { key: JSON.stringify(key), digest: digestOfStoredKey(stored, mapping) }
  }
  const keepUnkeyed = (mapping: TableMapping, place: readonly KeyValue[], isKeyed: boolean) => {
    if (isKeyed) return
    unkeyed.set(mapping.table, mapping)
    keepRow.run(mapping.table, place[0], digestRow(mapping, statementsOf(mapping).readRow.get(...place)))
  }

  return {
    change(mapping, place, column, before, after, { code, kind, choice }) {
      const { key, digest } = keyOf(mapping, place)
      keepUnkeyed(mapping, place, digest !== null)
      run(
        `UPDATE ${quoteName(mapping.table)} AS ${tableAlias} SET ${quoteName(column)} = ? WHERE ${statementsOf(mapping).where}`,
        after,
        ...place,
      )
      const columns = mapping.columns.filter(({ name }) => name === column)
      const valueDigest = after === null ? null : digestOfStored([after], columns)
      insert.run(code, kind, choice, 'changed', mapping.table, column, key, shapeOf(before), digest, valueDigest, 0)
      rows += 1
    },
    remove(mapping, place, column, { code, kind, choice, isFollower }) {
      const { key, digest } = keyOf(mapping, place)
      keepUnkeyed(mapping, place, digest !== null)
      run(`DELETE FROM ${quoteName(mapping.table)} AS ${tableAlias} WHERE ${statementsOf(mapping).where}`, ...place)
      insert.run(code, kind, choice, 'deleted', mapping.table, column, key, null, digest, null, isFollower === true ? 1 : 0)
      rows += 1
    },
    get rows() {
      return rows
    },
    finish() {
      const complete = db.prepare('UPDATE _bascule_repaired_row SET new_digest = ? WHERE table_name = ? AND place = ?')
      const touched = db.prepare('SELECT place FROM _bascule_repaired_row WHERE table_name = ?').pluck().safeIntegers()
      for (const mapping of unkeyed.values()) {
        for (const place of touched.all(mapping.table)) {
          const row = statementsOf(mapping).readRow.get(place)
          if (row !== undefined) complete.run(digestRow(mapping, row), mapping.table, place)
        }
      }
    },
  }
}

/** Most keys that all repairs of a result carry together. */
const mostInlineKeys = 1_000

/** What was done, by table, column and choice, from the record in the repaired copy. */
export function summarise(db: SqliteDatabase): readonly Repair[] {
  const groups = db
    .prepare(
      `SELECT code, kind, choice, action, table_name AS "table", column_name AS "column", count(*) AS rows, sum(follows) AS followed FROM _bascule_repair
       GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY min(position)`,
    )
    // Written above with these columns.
    .all() as Omit<Repair, 'keys'>[]
  const total = groups.reduce((sum, { rows }) => sum + rows, 0)
  const share = total <= mostInlineKeys ? mostInlineKeys : Math.max(20, Math.floor(mostInlineKeys / groups.length))
  const keys = db
    .prepare(
      `SELECT row_key FROM _bascule_repair WHERE code = ? AND kind = ? AND choice = ? AND action = ? AND table_name = ? AND column_name IS ?
       ORDER BY position LIMIT ?`,
    )
    .pluck()
  return groups.map((group) => {
    const found = keys.all(group.code, group.kind, group.choice, group.action, group.table, group.column, share) as string[]
    return { ...group, keys: found.map((key) => JSON.parse(key) as Record<string, string>) }
  })
}

function prepareRow(db: SqliteDatabase, mapping: TableMapping): RowStatements {
  const rowKey = rowKeyOf(mapping)
  const where = rowKey.expressions.map((expression) => `${expression} = ?`).join(' AND ')
  const from = `FROM ${quoteName(mapping.table)} AS ${tableAlias} WHERE ${where}`
  const primaryKey = mapping.primaryKey.map(columnReference)
  const columns = mapping.columns.map((column) => columnReference(column.name))
  return {
    readKey: db
      .prepare(`SELECT ${primaryKey.length > 0 ? primaryKey.join(', ') : '1'} ${from}`)
      .raw()
      .safeIntegers(),
    readRow: db
      .prepare(`SELECT ${columns.length > 0 ? columns.join(', ') : '1'} ${from}`)
      .raw()
      .safeIntegers(),
    where,
  }
}

function digestRow(mapping: TableMapping, row: unknown): Buffer {
  return digestOfStored(mapping.columns.length === 0 ? [] : (row as SourceValue[]), mapping.columns)
}
