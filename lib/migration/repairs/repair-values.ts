import type { SqliteTable } from '@/lib/core/catalogue'
import { AppError } from '@/lib/core/errors'
import type { RepairChoice } from '@/lib/core/repair-choice'
import type { ColumnMapping, TableMapping } from '@/lib/core/table-mapping'
import type { SqliteDatabase } from '@/lib/sqlite/open-database'
import { binaryJsonText } from '@/lib/sqlite/values/binary-json'
import { codeOf, utf8Expression } from '@/lib/sqlite/values/classify-suspects'
import { suspectExpression } from '@/lib/sqlite/values/clean-predicate'
import { registerCopyFunctions } from '@/lib/sqlite/values/copy-functions'
import type { RawValue } from '@/lib/sqlite/values/raw-value'
import { type KeyValue, rangeClause, rowKeyOf } from '@/lib/sqlite/values/row-range'
import { columnReference, quoteName, tableAlias } from '@/lib/sqlite/values/sql-text'
import { textOfCode, type ValueCode } from '@/lib/sqlite/values/value-codes'
import { choiceFor } from './choose'
import { readDefault } from './column-default'
import { repairKindOf } from './offer-choices'
import type { RepairCause, RepairRecord } from './repair-record'
import { repairValue } from './repair-value'

export interface ColumnRepair {
  readonly mapping: TableMapping
  readonly table: SqliteTable
  readonly column: ColumnMapping
  readonly choices: readonly RepairChoice[]
}

interface StoredValue {
  readonly raw: RawValue
  readonly bytes: Buffer | null
  readonly binaryJson: string | null
}

/** Rows read before any of them is changed. */
const rowsAtOnce = 100
/** A repaired value may have a second fault (a text without its NUL is still too long), hardly more. */
const mostSteps = 5

/** Repairs every value of one column that the checks would refuse and that has a choice; the same rules decide as in the checks. */
export function repairColumn(db: SqliteDatabase, repair: ColumnRepair, record: RepairRecord): void {
  registerCopyFunctions(db)
  const { mapping, column } = repair
  const inPrimaryKey = mapping.primaryKey.includes(column.name)
  const suspect = suspectExpression(column, column.name === mapping.rowidColumn, !column.nullable || inPrimaryKey, 'whole')
  if (suspect === null) return
  const isUtf16 = db.pragma('encoding', { simple: true }) !== 'UTF-8'
  const key = rowKeyOf(mapping)
  const value = columnReference(column.name)
  const bytes = `CASE typeof(${value}) WHEN 'text' THEN ${utf8Expression(value, isUtf16)} END`
  const json = column.value.kind === 'json' ? binaryJsonText(value, isUtf16) : 'NULL'
  const check = { column, inPrimaryKey }
  let after: readonly KeyValue[] | undefined
  for (;;) {
    const clause = rangeClause(key, after === undefined ? {} : { after })
    const where = `${clause.where === '' ? ' WHERE' : `${clause.where} AND`} (${suspect})${clause.orderBy} LIMIT ${rowsAtOnce}`
    const sql = `SELECT ${[value, bytes, json, ...key.expressions].join(',')} FROM ${quoteName(mapping.table)} AS ${tableAlias}${where}`
    const rows = db
      .prepare(sql)
      .raw()
      .safeIntegers()
      // Selected in this order above.
      .all(...clause.params) as [RawValue, Buffer | null, string | null, ...KeyValue[]][]
    for (const [raw, textBytes, binaryJson, ...place] of rows) {
      repairOne(
        repair,
        { raw, bytes: textBytes, binaryJson },
        place,
        (stored) => codeOf(stored.raw, bytesFor(stored), stored.binaryJson, check),
        record,
      )
    }
    const last = rows.at(-1)
    if (last === undefined || rows.length < rowsAtOnce) return
    after = last.slice(3) as KeyValue[]
  }
}

function repairOne(
  { mapping, table, column, choices }: ColumnRepair,
  stored: StoredValue,
  place: readonly KeyValue[],
  codeOfValue: (stored: StoredValue) => ValueCode | null,
  record: RepairRecord,
): void {
  const defaultValue = readDefault(table.columns.find(({ name }) => name === column.name)?.defaultSql ?? null)
  let current = stored
  for (let step = 0; step < mostSteps; step += 1) {
    const code = codeOfValue(current)
    if (code === null || textOfCode(code).severity !== 'blocks') return
    const kind = repairKindOf(code)
    const choice = kind === null ? null : choiceFor(choices, kind, mapping.table, [column.name])
    // Left as it is: the checks of the repaired copy name it.
    if (kind === null || choice === null) return
    const cause: RepairCause = { code, kind, choice }
    if (choice === 'delete') {
      record.remove(mapping, place, column.name, cause)
      return
    }
    const after = repairValue(kind, choice, { raw: current.raw, bytes: current.bytes, column, defaultValue })
    if (after === undefined) throw notApplicable(mapping.table, column.name, cause)
    record.change(mapping, place, column.name, current.raw, after, cause)
    if (after === null) return
    current = { raw: after, bytes: typeof after === 'string' ? Buffer.from(after) : null, binaryJson: null }
  }
}

/** Every text has bytes for codeOf. */
function bytesFor({ raw, bytes }: StoredValue): Buffer | null {
  return typeof raw === 'string' ? (bytes ?? Buffer.from(raw)) : null
}

function notApplicable(table: string, column: string, { code, kind, choice }: RepairCause): AppError {
  return new AppError({
    code: 'VALUE_REFUSED',
    operation: 'repair the copy',
    subject: `${table}.${column}`,
    message: `${kind}=${choice} cannot be applied to every value of ${table}.${column} (${code}).`,
    hint: `Choose another repair for this column, for example with --fix ${kind}=…:${table}.${column}, or correct these rows in the source.`,
  })
}
