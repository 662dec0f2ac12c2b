import type { PostgresTable, SqliteIndex, SqliteTable } from '@/lib/core/catalogue'
import { createFinding, type Finding, type Severity } from '@/lib/core/finding'
import { quoteName } from '@/lib/core/quoted-name'
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
    ...compareStrictness(source, target, indexes, structure, modelSeverity),
    ...source.indexes.flatMap((index) => compareIndex(source.name, index, indexes, modelSeverity)),
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
  const sql = `REINDEX INDEX ${quoteName(index.name)};`
  return createFinding({
    code: 'INDEX_INVALID',
    severity: 'blocks',
    table,
    shape: `index ${index.name}`,
    params: { sql },
    message: 'The index is marked invalid: its building failed, and PostgreSQL does not use it.',
    hint: `Run: ${sql}`,
  })
}

function compareIndex(table: string, wanted: SqliteIndex, indexes: readonly TargetIndex[], modelSeverity: Severity): readonly Finding[] {
  const columns = wanted.parts.map(({ column }) => column)
  const isPlain = wanted.parts.every(({ column, collation }) => column !== null && collation === 'BINARY')
  const isOver = (index: TargetIndex) => sameColumns(index.columns, columns) || isFolded(index, wanted)
  const alike = indexes.filter((index) => isOver(index) && (index.unique || !wanted.unique))
  const same = alike.filter((index) => (index.condition === null) === (wanted.where === null))
  if (same.length > 0) return compareIndexOrder(table, wanted, same)
  const place = { table, shape: `index ${wanted.name} (${columns.map((column) => column ?? 'expression').join(', ')})` }
  if (alike.length > 0) {
    return [
      createFinding({
        ...place,
        code: 'INDEX_CONDITION_DIFFERS',
        severity: wanted.unique ? 'blocks' : 'note',
        params: { where: wanted.where ?? 'none' },
        message:
          wanted.where === null
            ? 'The target’s index covers only some of the rows.'
            : `The target’s index has lost its condition (WHERE ${wanted.where}).`,
        hint: 'Drop the index on the target and create it again with the condition of the source.',
      }),
    ]
  }
  const isLessStrict = wanted.unique && indexes.some(isOver)
  return [
    createFinding({
      ...place,
      code: wanted.unique ? 'UNIQUE_INDEX_MISSING' : 'INDEX_MISSING',
      // PostgreSQL has no index of more columns, and a condition may have no equal: the copy has named it, and its record is what counts.
      severity: !isPlain || columns.length > mostIndexColumns ? 'note' : wanted.where === null ? 'blocks' : modelSeverity,
      params: { lessStrict: isLessStrict ? 'yes' : 'no' },
      message: wanted.unique
        ? `The target does not enforce that these columns are unique${isLessStrict ? ': its index on them is not a unique one' : ''}.`
        : 'The target has no index on these columns: some queries will be slower.',
      hint: 'Create the index on the target, then verify again.',
    }),
  ]
}

/** https://www.postgresql.org/docs/current/limits.html */
const mostIndexColumns = 32

/** An index on the same columns that serves other queries: another direction, or no order at all. */
function compareIndexOrder(table: string, wanted: SqliteIndex, present: readonly TargetIndex[]): readonly Finding[] {
  const isAlike = (index: TargetIndex) =>
    index.method === 'btree' &&
    // Read backwards, an index serves the opposite order as well.
    [true, false].some((turned) => wanted.parts.every(({ descending }, at) => (descending === (index.descending[at] ?? false)) !== turned))
  const [first] = present
  if (!first || present.some(isAlike)) return []
  return [
    createFinding({
      code: 'INDEX_ORDER_DIFFERS',
      severity: 'note',
      table,
      shape: `index ${first.name}`,
      params: { method: first.method },
      message:
        first.method === 'btree'
          ? 'The target’s index sorts its columns in other directions than the source’s: some queries have to sort.'
          : `The target’s index is of another kind (${first.method}): it serves fewer queries than the source’s.`,
      hint: 'Drop the index on the target and create it again as the source has it.',
    }),
  ]
}

/** What makes the target refuse rows that the source takes, or take for equal what is not: looser columns, stricter uniqueness. */
function compareStrictness(
  source: SqliteTable,
  target: PostgresTable,
  indexes: readonly TargetIndex[],
  { looseColumns }: TargetStructure,
  modelSeverity: Severity,
): readonly Finding[] {
  const isBinary = (name: string) => source.columns.some((column) => column.name === name && column.collation === 'BINARY')
  const loose = looseColumns.filter(({ table, column }) => table === target.name && isBinary(column))
  const unique = indexes.filter((index) => index.unique)
  const known = [source.primaryKey, ...source.indexes.filter((index) => index.unique).map(({ parts }) => parts.map(({ column }) => column))]
  const isKnown = (index: TargetIndex) =>
    known.some((columns) => sameColumns([...columns].sort(), [...index.columns].sort())) ||
    source.indexes.some((own) => own.unique && isFolded(index, own))
  return [
    ...loose.map(({ column, collation }) =>
      createFinding({
        code: 'COLUMN_COLLATION_DIFFERS',
        severity: modelSeverity,
        table: source.name,
        column,
        shape: `COLLATE ${collation}`,
        params: { collation },
        message: `The target’s column has the collation ${collation}, which takes different texts for equal; the source tells them apart.`,
        hint: 'Give the column a deterministic collation, such as the database’s own.',
      }),
    ),
    ...unique
      .filter((index) => index.nullsEqual)
      .map((index) =>
        createFinding({
          code: 'UNIQUE_INDEX_NULLS_EQUAL',
          severity: modelSeverity,
          table: source.name,
          shape: `index ${index.name}`,
          message: 'The target takes two NULLs for the same here and refuses the second row; SQLite takes any number of them.',
          hint: 'Create the index again without NULLS NOT DISTINCT.',
        }),
      ),
    ...unique
      .filter((index) => !index.immediate)
      .map((index) =>
        createFinding({
          code: 'UNIQUE_INDEX_DEFERRABLE',
          severity: 'note',
          table: source.name,
          shape: `index ${index.name}`,
          message: 'This key or unique constraint is deferrable: an upsert (INSERT … ON CONFLICT) on it is refused.',
          hint: 'Add the constraint again without DEFERRABLE.',
        }),
      ),
    ...unique
      .filter((index) => modelSeverity === 'blocks' && !index.primary && !isKnown(index))
      .map((index) =>
        createFinding({
          code: 'UNIQUE_INDEX_ADDED',
          severity: 'note',
          table: source.name,
          shape: `index ${index.name} (${index.columns.map((column) => column ?? 'expression').join(', ')})`,
          message: 'The target enforces a uniqueness that the source does not: it may refuse rows that SQLite takes.',
          hint: 'Look whether the app’s data model wants it; otherwise drop it.',
        }),
      ),
  ]
}

/** Whether an index stands for one whose collation takes different texts for equal: over what makes them so (complete-schema.ts). */
function isFolded(index: TargetIndex, { parts }: SqliteIndex): boolean {
  const bare = (key: string) => key.replace(/::\w+|[()"]/g, '')
  return (
    index.keys.length === parts.length &&
    parts.every(({ column, collation }, at) => {
      if (column === null) return false
      if (collation === 'BINARY') return index.columns[at] === column
      const folded = collation === 'NOCASE' ? `lower(${column} COLLATE "C")` : `rtrim(${column})`
      return bare(index.keys[at] ?? '') === bare(folded)
    })
  )
}

function sameColumns(one: readonly (string | null)[], other: readonly (string | null)[]): boolean {
  return one.length === other.length && one.every((column, place) => column === other[place])
}
