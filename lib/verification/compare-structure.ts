import type { PostgresTable, SqliteIndex, SqliteTable } from '@/lib/core/catalogue'
import { createFinding, type Finding, type Severity } from '@/lib/core/finding'
import { compareColumns } from './compare-columns'
import { compareReferences } from './compare-references'
import type { TargetIndex, TargetStructure } from './target-structure'

/**
 * What the target's table lacks of the source's: primary key, indexes with their uniqueness and condition, references
 * that are there, checked and switched on, NOT NULL, defaults, CHECKs. Pure.
 *
 * `blocks` where the app could store or fail to store rows that it would not on SQLite, or finds them more slowly; `note`
 * where the two engines have no equal form (expressions, NOCASE) and a person must look.
 *
 * @param tables all tables of the source, to which references lead
 * @param modelSeverity of what a data model may have decided so: a note where the structure that the copy made is on
 *   record (then the record is what counts), and blocking where nothing else is known
 */
export function compareStructure(
  source: SqliteTable,
  tables: readonly SqliteTable[],
  target: PostgresTable,
  structure: TargetStructure,
  modelSeverity: Severity,
): readonly Finding[] {
  const indexes = structure.indexes.filter(({ table }) => table === target.name)
  return [
    ...comparePrimaryKey(source, indexes),
    ...indexes.filter(({ valid }) => !valid).map((index) => invalidIndex(target.name, index)),
    ...source.indexes.flatMap((index) => compareIndex(source.name, index, indexes)),
    ...compareReferences(source, tables, structure, modelSeverity),
    ...compareColumns(source, target, modelSeverity),
  ]
}

function comparePrimaryKey(source: SqliteTable, indexes: readonly TargetIndex[]): readonly Finding[] {
  if (source.primaryKey.length === 0) return []
  if (indexes.some((index) => index.unique && index.condition === null && sameColumns(index.columns, source.primaryKey))) return []
  const isReordered = indexes.some((index) => index.primary && sameColumns([...index.columns].sort(), [...source.primaryKey].sort()))
  return [
    createFinding({
      code: isReordered ? 'PRIMARY_KEY_ORDER_DIFFERS' : 'PRIMARY_KEY_MISSING',
      severity: 'blocks',
      table: source.name,
      shape: source.primaryKey.join(', '),
      message: isReordered
        ? 'The target’s primary key has these columns in another order: what is searched by the first of them becomes slow.'
        : 'The target’s table has no primary key of these columns: the same row could be stored twice.',
      hint: isReordered ? 'Drop the primary key and add it again in the order of the source.' : 'Add the primary key, then verify again.',
    }),
  ]
}

function invalidIndex(table: string, index: TargetIndex): Finding {
  return createFinding({
    code: 'INDEX_INVALID',
    severity: 'blocks',
    table,
    shape: `index ${index.name}`,
    message: 'The index is marked invalid: its building failed, and PostgreSQL does not use it.',
    hint: `Run: REINDEX INDEX "${index.name}";`,
  })
}

function compareIndex(table: string, wanted: SqliteIndex, indexes: readonly TargetIndex[]): readonly Finding[] {
  const columns = wanted.parts.map(({ column }) => column)
  const isPlain = wanted.parts.every(({ column, collation }) => column !== null && collation === 'BINARY')
  const alike = indexes.filter((index) => sameColumns(index.columns, columns) && (index.unique || !wanted.unique))
  if (alike.some((index) => (index.condition === null) === (wanted.where === null))) return []
  const place = { table, shape: `index ${wanted.name} (${columns.map((column) => column ?? 'expression').join(', ')})` }
  if (alike.length > 0) {
    return [
      createFinding({
        ...place,
        code: 'INDEX_CONDITION_DIFFERS',
        severity: wanted.unique ? 'blocks' : 'note',
        message:
          wanted.where === null
            ? 'The target’s index covers only some of the rows.'
            : `The target’s index has lost its condition (WHERE ${wanted.where}).`,
        hint: 'Drop the index on the target and create it again with the condition of the source.',
      }),
    ]
  }
  const isLessStrict = wanted.unique && indexes.some((index) => sameColumns(index.columns, columns))
  return [
    createFinding({
      ...place,
      code: wanted.unique ? 'UNIQUE_INDEX_MISSING' : 'INDEX_MISSING',
      severity: isPlain ? 'blocks' : 'note',
      message: wanted.unique
        ? `The target does not enforce that these columns are unique${isLessStrict ? ': its index on them is not a unique one' : ''}.`
        : 'The target has no index on these columns: some queries will be slower.',
      hint: 'Create the index on the target, then verify again.',
    }),
  ]
}

function sameColumns(one: readonly (string | null)[], other: readonly (string | null)[]): boolean {
  return one.length === other.length && one.every((column, place) => column === other[place])
}
