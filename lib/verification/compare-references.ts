import type { ForeignKey, SqliteTable } from '@/lib/core/catalogue'
import { createFinding, type Finding, type Severity } from '@/lib/core/finding'
import { quoteName } from '@/lib/core/quoted-name'
import type { TargetReference, TargetStructure } from './target-structure'

/**
 * Foreign keys of the source that the target lacks, has switched off or never checked, or follows otherwise. Pure.
 *
 * @param tables all tables of the source: a key to columns that are missing or not unique is enforced by neither engine
 */
export function compareReferences(
  source: SqliteTable,
  tables: readonly SqliteTable[],
  structure: TargetStructure,
  modelSeverity: Severity,
): readonly Finding[] {
  const references = structure.references.filter(({ table }) => table === source.name)
  return [
    ...source.foreignKeys.flatMap((key) => {
      const counterpart = references.find((reference) => isSame(reference, key))
      return counterpart
        ? compareActions(source.name, key, counterpart, modelSeverity)
        : [missing(source.name, key, isEnforceable(key, tables) ? modelSeverity : 'note')]
    }),
    ...references.filter(({ validated, enforced }) => !validated || !enforced).map((reference) => notHeeded(source.name, reference)),
  ]
}

/** Whether a reference of the target is the one that the source has. */
export function isSame(reference: TargetReference, key: ForeignKey): boolean {
  return (
    reference.referencedTable === key.referencedTable &&
    sameNames(reference.columns, key.columns) &&
    sameNames(reference.referencedColumns, key.referencedColumns)
  )
}

/** Whether SQLite itself could enforce the key: what it refers to exists and is unique. */
function isEnforceable(key: ForeignKey, tables: readonly SqliteTable[]): boolean {
  const parent = tables.find(({ name }) => name === key.referencedTable)
  if (!parent) return false
  const unique = parent.indexes
    .filter((index) => index.unique && index.where === null)
    .map(({ parts }) => parts.map(({ column }) => column))
  const wanted = [...key.referencedColumns].sort()
  return [parent.primaryKey, ...unique].some((columns) => columns.length > 0 && sameNames([...columns].map(String).sort(), wanted))
}

function missing(table: string, key: ForeignKey, severity: Severity): Finding {
  return createFinding({
    code: 'FOREIGN_KEY_MISSING',
    severity,
    table,
    column: key.columns[0] ?? null,
    shape: `(${key.columns.join(', ')}) → ${key.referencedTable}`,
    params: { severity },
    message:
      severity === 'note'
        ? 'The target does not enforce this foreign key, and neither does SQLite, or PostgreSQL cannot.'
        : 'The target does not enforce this foreign key.',
    hint: 'Add the foreign key on the target if its columns allow it, then verify again.',
  })
}

function notHeeded(table: string, { name, enforced }: TargetReference): Finding {
  const sql = enforced
    ? `ALTER TABLE ${quoteName(table)} VALIDATE CONSTRAINT ${quoteName(name)};`
    : `ALTER TABLE ${quoteName(table)} ENABLE TRIGGER ALL;`
  return createFinding({
    code: enforced ? 'FOREIGN_KEY_NOT_VALIDATED' : 'FOREIGN_KEY_DISABLED',
    severity: 'blocks',
    table,
    shape: `constraint ${name}`,
    params: { sql },
    message: enforced ? 'The rows were never checked against this foreign key.' : 'This foreign key is switched off: rows go in unchecked.',
    hint: enforced ? `Run: ${sql}` : `Run: ${sql} on both tables of the foreign key.`,
  })
}

function compareActions(table: string, key: ForeignKey, reference: TargetReference, severity: Severity): readonly Finding[] {
  const was = describe(key)
  const is = describe(reference)
  if (was === is) return []
  return [
    createFinding({
      code: 'FOREIGN_KEY_ACTION_DIFFERS',
      severity,
      table,
      column: key.columns[0] ?? null,
      shape: `constraint ${reference.name}`,
      params: { was, is },
      message: `The target follows this foreign key otherwise: the source says ${was}, the target ${is}.`,
      hint: 'Drop the foreign key on the target and add it again with the actions of the source.',
    }),
  ]
}

type Actions = Pick<ForeignKey, 'onUpdate' | 'onDelete' | 'deferred'>

function describe({ onUpdate, onDelete, deferred }: Actions): string {
  return `ON UPDATE ${onUpdate} ON DELETE ${onDelete}${deferred ? ' DEFERRABLE INITIALLY DEFERRED' : ''}`
}

function sameNames(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, place) => name === other[place])
}
