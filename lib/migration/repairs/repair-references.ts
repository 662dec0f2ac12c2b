import type { ForeignKey, SqliteTable } from '@/lib/core/catalogue'
import { AppError } from '@/lib/core/errors'
import type { TableMapping } from '@/lib/core/table-mapping'
import type { SqliteDatabase } from '@/lib/sqlite/open-database'
import type { RawValue } from '@/lib/sqlite/values/raw-value'
import { type KeyValue, rowKeyOf } from '@/lib/sqlite/values/row-range'
import { quoteName, tableAlias } from '@/lib/sqlite/values/sql-text'
import { choiceFor } from './choose'
import { guardRules } from './guard-rules'
import { columnsToClear } from './offer-choices'
import type { RepairRecord } from './repair-record'
import type { RepairRequest } from './repair-request'

interface Reference {
  readonly table: SqliteTable
  readonly mapping: TableMapping
  readonly key: ForeignKey
  readonly parent: SqliteTable
}

/**
 * The rows that refer to nothing while all rows are there, of the references that are repaired by leaving rows out: what else is left
 * out by them only follows.
 */
export function findLostRows(db: SqliteDatabase, request: RepairRequest): ReadonlySet<string> {
  const lost = new Set<string>()
  for (const reference of listReferences(request)) {
    const { table, key } = reference
    if (choiceFor(request.choices, 'orphans', table.name, key.columns) !== 'delete') continue
    for (const { place } of readOrphans(db, reference)) lost.add(placeText(table, place))
  }
  return lost
}

/**
 * Repairs references that find their row only because SQLite ignores the case of letters, then those that find none. A row
 * that is left out may leave others without theirs, so the tables that refer to its table are looked at again, until
 * nothing is left that a choice covers.
 *
 * @param lost what `findLostRows` said before any repair
 */
export function repairReferences(
  db: SqliteDatabase,
  request: RepairRequest,
  lost: ReadonlySet<string>,
  record: RepairRecord,
  onProgress: () => void,
): void {
  const { choices } = request
  const references = listReferences(request)
  for (const reference of references) {
    const choice = choiceFor(choices, 'reference-case', reference.table.name, reference.key.columns)
    if (choice === 'respell') respell(db, reference, record)
  }
  let open = references
  while (open.length > 0) {
    const shrunk = new Set<string>()
    for (const reference of open) {
      const { table, mapping, key } = reference
      const choice = choiceFor(choices, 'orphans', table.name, key.columns)
      if (choice === null) continue
      const cause = { code: 'ORPHAN_ROWS', kind: 'orphans', choice } as const
      const rows = readOrphans(db, reference)
      if (rows.length > 0 && choice === 'delete') shrunk.add(table.name)
      const clear = choice === 'null' ? columnsToClear(key, table, mapping) : []
      if (rows.length > 0 && choice === 'null' && clear.length === 0) throw notNullable(reference)
      for (const { place, values } of rows) {
        const isFollower = !lost.has(placeText(table, place))
        if (choice === 'delete') record.remove(mapping, place, key.columns.join(', '), { ...cause, isFollower })
        for (const column of clear) {
          guardRules(table.name, column, () =>
            record.change(mapping, place, column, values[key.columns.indexOf(column)] ?? null, null, cause),
          )
        }
      }
      onProgress()
    }
    open = references.filter(({ parent }) => shrunk.has(parent.name))
  }
}

function listReferences({ tables, mappings }: RepairRequest): readonly Reference[] {
  return tables.flatMap((table) =>
    table.foreignKeys.flatMap((key): Reference[] => {
      const mapping = mappings.find((candidate) => candidate.table === table.name)
      const parent = tables.find(({ name }) => name === key.referencedTable)
      return mapping && parent && isKeyOf(parent, key) && rowKeyOf(mapping).kind !== 'none' ? [{ table, mapping, key, parent }] : []
    }),
  )
}

function placeText(table: SqliteTable, place: readonly KeyValue[]): string {
  const parts = place.map((part) => (Buffer.isBuffer(part) ? part.toString('hex') : String(part)))
  return [table.name, ...place.map((part) => typeof part), ...parts].join('\0')
}

/** A reference to columns that are not unique is enforced by neither engine. */
function isKeyOf(parent: SqliteTable, { referencedColumns }: ForeignKey): boolean {
  const wanted = [...referencedColumns].sort().join('\0')
  const whole = parent.indexes.filter(({ unique, where }) => unique && where === null)
  const keys = [parent.primaryKey, ...whole.map(({ parts }) => parts.map(({ column }) => column ?? ''))]
  return keys.some((columns) => [...columns].sort().join('\0') === wanted)
}

interface Orphan {
  readonly place: readonly KeyValue[]
  /** Of the reference's columns. */
  readonly values: readonly RawValue[]
}

/** Compares as SQLite's own check does: with the affinity and the collation of the column that is referred to. */
function readOrphans(db: SqliteDatabase, { table, mapping, key, parent }: Reference): readonly Orphan[] {
  const place = rowKeyOf(mapping).expressions
  const columns = key.columns.map((column) => `${tableAlias}.${quoteName(column)}`)
  const present = columns.map((column) => `${column} IS NOT NULL`).join(' AND ')
  const same = key.referencedColumns.map((column, index) => `p.${quoteName(column)} = ${columns[index]}`).join(' AND ')
  const sql = `SELECT ${[...place, ...columns].join(', ')} FROM ${quoteName(table.name)} AS ${tableAlias} WHERE ${present}
    AND NOT EXISTS (SELECT 1 FROM ${quoteName(parent.name)} AS p WHERE ${same})`
  // Selected above: the key of the row, then the values of the reference.
  const rows = db.prepare(sql).raw().safeIntegers().all() as RawValue[][]
  return rows.map((row) => ({ place: row.slice(0, place.length) as KeyValue[], values: row.slice(place.length) }))
}

function respell(db: SqliteDatabase, { table, mapping, key, parent }: Reference, record: RepairRecord): void {
  const place = rowKeyOf(mapping).expressions
  const columns = key.columns.map((column) => `${tableAlias}.${quoteName(column)}`)
  const found = key.referencedColumns.map((column) => `p.${quoteName(column)}`)
  const same = found.map((column, index) => `${column} = ${columns[index]}`).join(' AND ')
  const exact = found.map((column, index) => `${column} = ${columns[index]} COLLATE BINARY`).join(' AND ')
  const sql = `SELECT ${[...place, ...columns, ...found].join(', ')} FROM ${quoteName(table.name)} AS ${tableAlias}
    JOIN ${quoteName(parent.name)} AS p ON ${same} WHERE NOT (${exact})`
  // Selected above: key, the reference as it is, the reference as it should be.
  const rows = db.prepare(sql).raw().safeIntegers().all() as RawValue[][]
  const cause = { code: 'REFERENCE_CASE_DIFFERS', kind: 'reference-case', choice: 'respell' } as const
  for (const row of rows) {
    key.columns.forEach((column, index) => {
      const before = row[place.length + index] ?? null
      const after = row[place.length + columns.length + index] ?? null
      if (before === after) return
      guardRules(table.name, column, () => record.change(mapping, row.slice(0, place.length) as KeyValue[], column, before, after, cause))
    })
  }
}

function notNullable({ table, key, parent }: Reference): AppError {
  const place = `${table.name}.${key.columns.join(', ')}`
  return new AppError({
    code: 'VALUE_REFUSED',
    operation: 'repair the copy',
    subject: place,
    message: `Rows of ${table.name} would refer to rows of ${parent.name} that are left out, and ${place} cannot be NULL.`,
    hint: `Add --fix orphans=delete:${table.name} for this table, or correct the rows in the source.`,
  })
}
