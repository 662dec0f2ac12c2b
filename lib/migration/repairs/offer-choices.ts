import type { ForeignKey, SqliteCatalogue, SqliteTable } from '@/lib/core/catalogue'
import type { Finding } from '@/lib/core/finding'
import { type RepairKind, repairKinds } from '@/lib/core/repair-choice'
import type { ColumnMapping, TableMapping } from '@/lib/core/table-mapping'
import { rowKeyOf } from '@/lib/sqlite/values/row-range'
import { readDefault } from './column-default'
import { convertsWell } from './repair-value'

/** The kind of repair that belongs to a finding's code; codes that are not here have no safe repair. */
const kindOfCode: Readonly<Record<string, RepairKind>> = {
  ORPHAN_ROWS: 'orphans',
  REFERENCE_CASE_DIFFERS: 'reference-case',
  NULL_IN_PRIMARY_KEY: 'null-key',
  NULL_IN_REQUIRED: 'required',
  INT_UNREADABLE: 'integers',
  INT_OUT_OF_RANGE: 'integers-range',
  BOOLEAN_UNKNOWN: 'booleans',
  FLOAT_UNREADABLE: 'floats',
  FLOAT_WOULD_ROUND: 'rounding',
  DECIMAL_UNREADABLE: 'decimals',
  DECIMAL_OUT_OF_RANGE: 'decimals',
  DECIMAL_WOULD_ROUND: 'rounding',
  DATE_UNPARSABLE: 'dates',
  DATE_OUT_OF_RANGE: 'dates',
  DATE_JULIAN_DAY: 'julian',
  DATE_WOULD_ROUND: 'dates-precision',
  NUL_IN_TEXT: 'nul',
  INVALID_UTF8: 'utf8',
  TEXT_TOO_LONG: 'length',
  TEXT_WOULD_BE_PADDED: 'padding',
  ENUM_UNKNOWN: 'enum',
  UUID_INVALID: 'uuid',
  BYTES_FROM_NUMBER: 'bytes',
  JSON_INVALID: 'json',
  JSON_NUL: 'json',
  JSON_LONE_SURROGATE: 'json',
  JSON_NUMBER_TOO_LARGE: 'json',
  JSON_TOO_DEEP: 'json',
  JSON_TOO_LARGE: 'json',
  DUPLICATE_AFTER_CONVERSION: 'duplicates',
}

/** The kind that repairs a finding of this code; null where none does. */
export function repairKindOf(code: string): RepairKind | null {
  return kindOfCode[code] ?? null
}

/**
 * Says for each finding that blocks which repairs are possible where it is: NULL only where both sides allow it, the default
 * only where it is a constant that the target can hold, and nothing for a value of a key, which other rows may refer to.
 */
export function offerChoices(findings: readonly Finding[], source: SqliteCatalogue, mappings: readonly TableMapping[]): readonly Finding[] {
  return findings.map((finding) => {
    const kind = finding.severity === 'blocks' ? repairKindOf(finding.code) : null
    const table = source.tables.find(({ name }) => name === finding.table)
    const mapping = mappings.find((candidate) => candidate.table === finding.table)
    if (kind === null || !table || !mapping || rowKeyOf(mapping).kind === 'none') return finding
    const effects: Readonly<Record<string, string>> = repairKinds[kind]
    const choices = possibleChoices(finding, kind, table, mapping, source).map((choice) => ({ choice, effect: effects[choice] ?? '' }))
    const hint = finding.column !== null && isComputed(finding.column, table) ? computedHint(finding.column) : finding.hint
    return { ...finding, hint, kind, choices }
  })
}

function isComputed(column: string, table: SqliteTable): boolean {
  return table.columns.find(({ name }) => name === column)?.generated != null
}

function computedHint(column: string): string {
  return `${column} is computed: correct the columns that it is computed from, in these rows.`
}

function possibleChoices(
  finding: Finding,
  kind: RepairKind,
  table: SqliteTable,
  mapping: TableMapping,
  source: SqliteCatalogue,
): readonly string[] {
  const all = Object.keys(repairKinds[kind])
  if (kind === 'orphans') {
    const reference = table.foreignKeys.find(({ columns }) => columns.join(', ') === finding.column)
    // A reference that only the model has is none of the file's, in which repairs are made.
    if (reference === undefined) return []
    const canBeNull = columnsToClear(reference, table, mapping).length > 0
    return all.filter((choice) => choice !== 'null' || canBeNull)
  }
  // Of rows that differ nobody can tell from here which is the right one; the primary key is a column, too.
  if (kind === 'duplicates') return finding.params.rows === 'equal' ? all : []
  if (kind === 'null-key') return all
  if (kind === 'reference-case') return all
  const column = mapping.columns.find(({ name }) => name === finding.column)
  if (!column || isKeyColumn(column.name, mapping, source)) return []
  // A computed value cannot be given another; its row can be left out.
  if (isComputed(column.name, table)) return all.filter((choice) => choice === 'delete')
  return all.filter((choice) => isPossible(choice, finding.code, column, table, mapping))
}

function isPossible(choice: string, code: string, column: ColumnMapping, table: SqliteTable, mapping: TableMapping): boolean {
  switch (choice) {
    case 'null':
      return mayBeNull(column.name, table, mapping)
    case 'default': {
      const value = readDefault(table.columns.find(({ name }) => name === column.name)?.defaultSql ?? null)
      return value !== null && convertsWell(value, column)
    }
    case 'latin1':
      return column.value.kind === 'text' || column.value.kind === 'json'
    case 'replace':
    case 'strip':
      // Elsewhere the value would still not be what the column holds.
      if (code === 'INVALID_UTF8') return column.value.kind === 'text' || column.value.kind === 'json'
      return code === 'NUL_IN_TEXT' || code === 'JSON_NUL' || code === 'JSON_LONE_SURROGATE'
    case 'string':
      return code !== 'JSON_TOO_LARGE'
    default:
      return true
  }
}

/** A value of the primary key, or of what another table's rows refer to: changed, those rows would refer to nothing. */
export function isKeyColumn(column: string, mapping: TableMapping, source: SqliteCatalogue): boolean {
  if (mapping.primaryKey.includes(column)) return true
  return source.tables.some(({ foreignKeys }) =>
    foreignKeys.some(({ referencedTable, referencedColumns }) => referencedTable === mapping.table && referencedColumns.includes(column)),
  )
}

function mayBeNull(column: string, table: SqliteTable, mapping: TableMapping): boolean {
  const inSource = table.columns.find(({ name }) => name === column)
  const inTarget = mapping.columns.find(({ name }) => name === column)
  return inSource?.notNull === false && inTarget?.nullable === true && !mapping.primaryKey.includes(column)
}

/**
 * The columns that are set to NULL so that a reference refers to nothing: one is enough, so columns that other references
 * of the table need too are kept while there is another. Empty where none may be NULL.
 */
export function columnsToClear(reference: ForeignKey, table: SqliteTable, mapping: TableMapping): readonly string[] {
  const free = reference.columns.filter((column) => mayBeNull(column, table, mapping))
  const own = free.filter((column) => !table.foreignKeys.some((other) => other !== reference && other.columns.includes(column)))
  return own.length > 0 ? own : free
}
