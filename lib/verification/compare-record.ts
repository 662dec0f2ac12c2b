import { createFinding, type Finding } from '@/lib/core/finding'
import { qualifiedName, quoteName } from '@/lib/core/quoted-name'
import type { StructureItem, StructureKind } from '@/lib/postgres/structure-record'

export interface RecordComparison {
  readonly findings: readonly Finding[]
  /** Schema migrations that were applied on the target since the copy: then its structure may rightly be another. */
  readonly migratedSince: readonly string[]
}

/**
 * What is other in the target's structure than when the copy was finished: whatever was added, dropped or changed since,
 * of any kind. Pure.
 *
 * `blocks`, because the app would store, refuse or show rows otherwise than it did; but only a note once schema
 * migrations were applied on the target since, whose purpose that is.
 */
export function compareRecord(recorded: readonly StructureItem[], present: readonly StructureItem[], schema: string): RecordComparison {
  const before = new Map(recorded.map((item) => [idOf(item), item]))
  const after = new Map(present.map((item) => [idOf(item), item]))
  const migratedSince = present.filter((item) => item.kind === 'schema-migration' && !before.has(idOf(item))).map(({ name }) => name)
  const severity = migratedSince.length > 0 ? 'note' : 'blocks'
  const isGone = (table: string) => table !== '' && !after.has(idOf({ kind: 'table', table, name: '' }))
  const isNew = (table: string) => table !== '' && !before.has(idOf({ kind: 'table', table, name: '' }))
  const findings: Finding[] = []
  for (const [id, item] of before) {
    const now = after.get(id)
    if (now?.definition === item.definition) continue
    // A table that is gone is one difference, not one for each of its columns.
    if (!now && item.kind !== 'table' && isGone(item.table)) continue
    findings.push(now ? changed(item, now, severity, schema) : gone(item, severity, schema))
  }
  for (const [id, item] of after) {
    if (before.has(id) || item.kind === 'schema-migration') continue
    // Records of the first releases knew of no settings.
    if (item.kind === 'setting' && !before.has(settingsOnRecord)) continue
    if (item.kind !== 'table' && isNew(item.table)) continue
    findings.push(added(item, severity, schema))
  }
  return { findings, migratedSince }
}

const settingsOnRecord = idOf({ kind: 'setting', table: '', name: '' })

function idOf({ kind, table, name }: Pick<StructureItem, 'kind' | 'table' | 'name'>): string {
  return JSON.stringify([kind, table, name])
}

const words: Readonly<Record<StructureKind, string>> = {
  table: 'table',
  column: 'column',
  constraint: 'constraint',
  index: 'index',
  trigger: 'trigger',
  rule: 'rule',
  policy: 'row level security policy',
  enum: 'enum type',
  sequence: 'sequence',
  setting: 'setting',
  'schema-migration': 'schema migration',
}

const codes = {
  table: 'TABLE',
  column: 'COLUMN',
  constraint: 'CONSTRAINT',
  index: 'INDEX',
  trigger: 'TRIGGER',
  rule: 'RULE',
  policy: 'POLICY',
  enum: 'ENUM',
  sequence: 'SEQUENCE',
  setting: 'SETTING',
  'schema-migration': 'SCHEMA_MIGRATION',
} as const satisfies Readonly<Record<StructureKind, string>>

function placeOf(item: StructureItem): Pick<Finding, 'table' | 'column'> {
  return { table: item.table === '' ? null : item.table, column: item.kind === 'column' ? item.name : null }
}

function nameOf({ kind, name }: StructureItem): string {
  return name === '' ? words[kind] : `${words[kind]} ${name}`
}

function changed(was: StructureItem, is: StructureItem, severity: Finding['severity'], schema: string): Finding {
  const sql = remedy(was, schema)
  return createFinding({
    ...placeOf(was),
    code: `${codes[was.kind]}_CHANGED`,
    severity,
    shape: nameOf(was),
    params: { kind: was.kind, was: was.definition, is: is.definition, sql: sql ?? 'none' },
    message: `Since the copy was finished this ${words[was.kind]} was changed: it was “${was.definition}” and is “${is.definition}”.`,
    hint: sql ? `Run: ${sql}` : 'Change it back, or verify again after the schema migration that wants it so.',
  })
}

function gone(was: StructureItem, severity: Finding['severity'], schema: string): Finding {
  const sql = remedy(was, schema)
  return createFinding({
    ...placeOf(was),
    code: `${codes[was.kind]}_GONE`,
    severity,
    shape: nameOf(was),
    params: { kind: was.kind, was: was.definition, sql: sql ?? 'none' },
    message: `Since the copy was finished this ${words[was.kind]} was dropped; it was “${was.definition}”.`,
    hint: sql ? `Run: ${sql}` : 'Create it again.',
  })
}

function added(is: StructureItem, severity: Finding['severity'], schema: string): Finding {
  const sql = removal(is, schema)
  return createFinding({
    ...placeOf(is),
    code: `${codes[is.kind]}_ADDED`,
    severity: is.kind === 'index' && !/^CREATE UNIQUE/.test(is.definition) ? 'note' : severity,
    shape: nameOf(is),
    params: { kind: is.kind, is: is.definition, sql: sql ?? 'none' },
    message: `Since the copy was finished this ${words[is.kind]} was added: “${is.definition}”.`,
    hint: sql ? `Run: ${sql}` : 'Remove it, if nobody needs it.',
  })
}

/** The statement that brings an object back as it was, where one statement does it. */
function remedy(was: StructureItem, schema: string): string | null {
  const table = qualifiedName(schema, was.table)
  if (was.kind === 'index') return `DROP INDEX IF EXISTS ${qualifiedName(schema, was.name)}; ${was.definition};`
  if (was.kind === 'constraint') {
    const name = quoteName(was.name)
    const enable = `ALTER TABLE ${table} ENABLE TRIGGER ALL;`
    return `ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${name}; ALTER TABLE ${table} ADD CONSTRAINT ${name} ${was.definition}; ${enable}`
  }
  if (was.kind === 'table' && was.definition === 'table')
    return `ALTER TABLE ${table} SET LOGGED; ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;`
  return null
}

function removal(is: StructureItem, schema: string): string | null {
  const table = qualifiedName(schema, is.table)
  if (is.kind === 'trigger') return `DROP TRIGGER ${quoteName(is.name)} ON ${table};`
  if (is.kind === 'rule') return `DROP RULE ${quoteName(is.name)} ON ${table};`
  if (is.kind === 'policy') return `DROP POLICY ${quoteName(is.name)} ON ${table};`
  if (is.kind === 'index') return `DROP INDEX ${qualifiedName(schema, is.name)};`
  if (is.kind === 'constraint') return `ALTER TABLE ${table} DROP CONSTRAINT ${quoteName(is.name)};`
  return null
}
