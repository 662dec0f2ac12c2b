import type { PostgresTable, SqliteIndex, SqliteTable } from '@/lib/core/catalogue'
import { createFinding, type Finding } from '@/lib/core/finding'
import type { TargetIndex, TargetStructure } from './target-structure'

/**
 * What the target's table lacks of the source's: primary key, indexes with their uniqueness and condition, references
 * that are there, checked and switched on, NOT NULL. Pure.
 *
 * `blocks` where the app could store or fail to store rows that it would not on SQLite; `note` where it is only
 * slower, or where the two engines have no equal form (expressions, NOCASE) and a person must look.
 */
export function compareStructure(source: SqliteTable, target: PostgresTable, structure: TargetStructure): readonly Finding[] {
  const indexes = structure.indexes.filter(({ table }) => table === target.name)
  return [
    ...comparePrimaryKey(source, indexes),
    ...indexes.filter(({ valid }) => !valid).map((index) => invalidIndex(target.name, index)),
    ...source.indexes.flatMap((index) => compareIndex(source.name, index, indexes)),
    ...compareReferences(source, structure),
    ...compareNotNull(source, target),
  ]
}

function comparePrimaryKey(source: SqliteTable, indexes: readonly TargetIndex[]): readonly Finding[] {
  if (source.primaryKey.length === 0) return []
  if (indexes.some((index) => index.unique && index.condition === null && sameColumns(index.columns, source.primaryKey))) return []
  return [
    createFinding({
      code: 'PRIMARY_KEY_MISSING',
      severity: 'blocks',
      table: source.name,
      shape: source.primaryKey.join(', '),
      message: 'The target’s table has no primary key of these columns: the same row could be stored twice.',
      hint: 'Add the primary key, then verify again.',
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
  return [
    createFinding({
      ...place,
      code: wanted.unique ? 'UNIQUE_INDEX_MISSING' : 'INDEX_MISSING',
      severity: wanted.unique && isPlain ? 'blocks' : 'note',
      message: wanted.unique
        ? 'The target does not enforce that these columns are unique.'
        : 'The target has no index on these columns: some queries will be slower.',
      hint: 'Create the index on the target, then verify again.',
    }),
  ]
}

function compareReferences(source: SqliteTable, structure: TargetStructure): readonly Finding[] {
  const references = structure.references.filter(({ table }) => table === source.name)
  const missing = source.foreignKeys.filter(
    (key) =>
      !references.some((reference) => reference.referencedTable === key.referencedTable && sameColumns(reference.columns, key.columns)),
  )
  return [
    ...missing.map((key) =>
      createFinding({
        code: 'FOREIGN_KEY_MISSING',
        severity: 'blocks',
        table: source.name,
        column: key.columns[0] ?? null,
        shape: `(${key.columns.join(', ')}) → ${key.referencedTable}`,
        message: 'The target does not enforce this foreign key.',
        hint: 'Add the foreign key on the target, then verify again.',
      }),
    ),
    ...references
      .filter(({ validated, enforced }) => !validated || !enforced)
      .map(({ name, enforced }) =>
        createFinding({
          code: enforced ? 'FOREIGN_KEY_NOT_VALIDATED' : 'FOREIGN_KEY_DISABLED',
          severity: 'blocks',
          table: source.name,
          shape: `constraint ${name}`,
          message: enforced
            ? 'The rows were never checked against this foreign key.'
            : 'This foreign key is switched off: rows go in unchecked.',
          hint: enforced
            ? `Run: ALTER TABLE "${source.name}" VALIDATE CONSTRAINT "${name}";`
            : `Run: ALTER TABLE "${source.name}" ENABLE TRIGGER ALL;`,
        }),
      ),
  ]
}

function compareNotNull(source: SqliteTable, target: PostgresTable): readonly Finding[] {
  return source.columns
    .filter(({ name, notNull }) => notNull && target.columns.find((column) => column.name === name)?.nullable)
    .map(({ name }) =>
      createFinding({
        code: 'NOT_NULL_MISSING',
        severity: 'note',
        table: source.name,
        column: name,
        message: 'The target lets this column be NULL; the source does not.',
        hint: `Run: ALTER TABLE "${source.name}" ALTER COLUMN "${name}" SET NOT NULL;`,
      }),
    )
}

function sameColumns(one: readonly (string | null)[], other: readonly (string | null)[]): boolean {
  return one.length === other.length && one.every((column, place) => column === other[place])
}
