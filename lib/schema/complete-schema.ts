import { createHash } from 'node:crypto'
import type { ForeignKey, PostgresCatalogue, PostgresTable, SqliteCatalogue, SqliteIndex, SqliteTable } from '@/lib/core/catalogue'
import { createFinding, type Finding, type FindingInput } from '@/lib/core/finding'
import { qualifiedName, quoteName, quoteNames } from '@/lib/core/quoted-name'
import type { SchemaStep } from './create-table'
import { schemaMigrationsTable } from './map-tables'
import { scopeOf, type TranslationScope, translateCondition, translateExpression } from './translate-expression'
import { maximumNameBytes } from './unusable-names'

export interface Completion {
  /** In the order in which they must run: checks, unique, indexes, references. */
  readonly steps: readonly SchemaStep[]
  readonly findings: readonly Finding[]
}

/**
 * What the SQLite file has and the target's tables lack: CHECK constraints, unique and other indexes (partial ones with
 * their condition, ones on expressions), foreign keys with their actions. A Prisma model cannot say the half of it.
 * Every step is one statement that PostgreSQL may refuse; then its finding is said, and nothing is dropped in silence.
 */
export function completeSchema(source: SqliteCatalogue, target: PostgresCatalogue): Completion {
  const steps: SchemaStep[] = []
  const references: SchemaStep[] = []
  const findings: Finding[] = []
  const usedNames = new Set(target.tables.flatMap((table) => [table.name, ...table.indexes.map((index) => index.name)]))
  for (const table of source.tables) {
    const counterpart = target.tables.find((candidate) => candidate.name === table.name)
    if (!counterpart || table.name === schemaMigrationsTable) continue
    // SQLite lets two constraints of a table have one name.
    const usedConstraints = new Set(counterpart.constraints.map((constraint) => constraint.name))
    const scope = scopeOf(table, counterpart.columns, source.encoding)
    addChecks(table, counterpart, scope, usedConstraints, steps, findings)
    for (const index of [...table.indexes, ...otherwiseKeyed(table, counterpart), ...caselessKey(table)])
      addIndex(table, index, counterpart, scope, usedNames, steps, findings)
    for (const key of table.foreignKeys) addReference(table, key, counterpart, target, usedConstraints, references, findings)
  }
  return { steps: [...steps, ...references], findings }
}

function addChecks(
  table: SqliteTable,
  target: PostgresTable,
  scope: TranslationScope,
  usedConstraints: Set<string>,
  steps: SchemaStep[],
  findings: Finding[],
): void {
  // Checks that a hand-written schema migration made cannot be matched by text; as many as there are count as the same.
  const present = target.constraints.filter((constraint) => constraint.kind === 'check').length
  if (present >= table.checks.length) return
  for (const check of table.checks) {
    if (isSatisfiedByType(check.expression, target)) continue
    const expression = translateCondition(check.expression, scope)
    const otherwise = leftBehind({
      code: 'CHECK_LEFT_BEHIND',
      table: table.name,
      shape: `CHECK (${check.expression})`,
      message: 'This CHECK constraint has no equivalent on PostgreSQL.',
      hint: 'Write it again in PostgreSQL’s SQL after the switch (ALTER TABLE … ADD CHECK …).',
    })
    if (expression === null) findings.push(otherwise)
    else {
      const name = check.name === null ? '' : `CONSTRAINT ${quoteName(named(table, check.name, usedConstraints, findings))} `
      steps.push({ sql: `ALTER TABLE ${qualifiedName(target.schema, target.name)} ADD ${name}CHECK (${expression})`, otherwise })
    }
  }
}

/** json_valid(x) on a json column says nothing new. */
function isSatisfiedByType(expression: string, target: PostgresTable): boolean {
  const name = /^\s*json_valid\s*\(\s*["`[]?([^"`\]()]+?)["`\]]?\s*\)\s*$/i.exec(expression)?.[1]?.toLowerCase()
  return target.columns.some((column) => column.name.toLowerCase() === name && /^jsonb?$/.test(column.typeName))
}

function addIndex(
  table: SqliteTable,
  index: SqliteIndex,
  target: PostgresTable,
  scope: TranslationScope,
  usedNames: Set<string>,
  steps: SchemaStep[],
  findings: Finding[],
): void {
  if (isPresent(table, index, target)) return
  const otherwise = leftBehind({
    code: index.unique ? 'UNIQUE_LEFT_BEHIND' : 'INDEX_LEFT_BEHIND',
    table: table.name,
    shape: index.name,
    message: index.unique
      ? 'This unique index has no equivalent on PostgreSQL: duplicates would be accepted.'
      : 'This index has no equivalent on PostgreSQL.',
    hint: 'Write it again in PostgreSQL’s SQL after the switch (CREATE INDEX …).',
  })
  const parts = index.parts.map((part) => {
    const purpose = index.unique ? 'key' : 'index'
    const expression =
      part.column === null ? (translateExpression(part.expression ?? '', scope, purpose)?.sql ?? null) : quoteName(part.column)
    if (expression === null || expression === '') return null
    const isText =
      part.column !== null &&
      target.columns.some((column) => column.name === part.column && /^(text|varchar|bpchar)$/.test(column.typeName))
    const folded = isText ? collated(expression, part.collation) : part.column === null ? `(${expression})` : expression
    if (folded === null) return null
    return part.descending ? `${folded} DESC` : folded
  })
  const where = index.where === null ? null : translateCondition(index.where, scope)
  if (parts.includes(null) || (index.where !== null && where === null)) {
    findings.push(otherwise)
    return
  }
  if (index.parts.some((part) => part.collation !== 'BINARY')) findings.push(otherCollation(table, index))
  const name = freeName(
    index.origin === 'unique' ? `${table.name}_${index.parts.map((part) => part.column).join('_')}_key` : index.name,
    usedNames,
  )
  if (index.origin === 'index' && name !== index.name) findings.push(nameShortened(table.name, index.name, name, 'source'))
  const unique = index.unique ? 'UNIQUE ' : ''
  const condition = where === null ? '' : ` WHERE ${where}`
  steps.push({
    sql: `CREATE ${unique}INDEX ${quoteName(name)} ON ${qualifiedName(target.schema, target.name)} (${parts.join(', ')})${condition}`,
    otherwise,
  })
}

/** A text such that two are equal exactly when SQLite's collation finds them so; null for a collation of the app's own. */
function collated(expression: string, collation: string): string | null {
  if (collation === 'BINARY') return expression
  // NOCASE folds the ASCII letters and no others, as lower() does under the collation "C".
  if (collation === 'NOCASE') return `lower(${expression} COLLATE "C")`
  return collation === 'RTRIM' ? `rtrim(${expression})` : null
}

/** The primary key of a file whose model has another one: as a unique index it keeps out the same rows. */
function otherwiseKeyed(table: SqliteTable, target: PostgresTable): readonly SqliteIndex[] {
  const isThere = table.primaryKey.every((name) => target.columns.some((column) => column.name === name))
  if (table.primaryKey.length === 0 || !isThere || table.primaryKey.join('\0') === target.primaryKey.join('\0')) return []
  const parts = table.primaryKey.map((column) => ({ column, expression: null, descending: false, collation: 'BINARY' }))
  return [{ name: `${table.name}_key`, unique: true, origin: 'unique', parts, where: null }]
}

/** A primary key that ignores case keeps out more rows than PostgreSQL's own would: one more unique index does that. */
function caselessKey(table: SqliteTable): readonly SqliteIndex[] {
  const parts = table.primaryKey.map((name) => {
    const collation = table.columns.find((column) => column.name === name)?.collation ?? 'BINARY'
    return { column: name, expression: null, descending: false, collation }
  })
  if (!parts.some((part) => part.collation !== 'BINARY')) return []
  return [{ name: `${table.name}_pkey_nocase`, unique: true, origin: 'index', parts, where: null }]
}

/**
 * An index over the same columns, whole, and unique if ours is. A primary key counts as one, unless the file has both:
 * people do write an index over their key, and it arrives like any other.
 */
function isPresent(table: SqliteTable, index: SqliteIndex, target: PostgresTable): boolean {
  if (index.where !== null || index.parts.some((part) => part.column === null || part.collation !== 'BINARY')) return false
  const columns = index.parts.map((part) => part.column)
  const key = target.constraints.find((constraint) => constraint.kind === 'primary')?.name
  const hasBoth = index.origin === 'index' && table.primaryKey.length > 0
  return target.indexes.some(
    (other) =>
      !(hasBoth && other.constraint !== null && other.constraint === key) &&
      !other.partial &&
      (other.unique || !index.unique) &&
      other.columns.length === columns.length &&
      other.columns.every((name, i) => name === columns[i]),
  )
}

function addReference(
  table: SqliteTable,
  key: ForeignKey,
  target: PostgresTable,
  catalogue: PostgresCatalogue,
  usedConstraints: Set<string>,
  steps: SchemaStep[],
  findings: Finding[],
): void {
  const isThere = target.constraints.some(
    (constraint) =>
      constraint.kind === 'foreign' && constraint.referencedTable === key.referencedTable && sameNames(constraint.columns, key.columns),
  )
  if (isThere) return
  const shape = `${key.columns.join(', ')} → ${key.referencedTable} (${key.referencedColumns.join(', ')})`
  const otherwise = leftBehind({
    code: 'FOREIGN_KEY_LEFT_BEHIND',
    table: table.name,
    shape,
    message: 'PostgreSQL refuses this foreign key: the columns it refers to are missing, not unique or of another type.',
    hint: 'Correct the definition in the source or the model; SQLite accepts such a key only while foreign keys are off.',
  })
  const referenced = catalogue.tables.find((candidate) => candidate.name === key.referencedTable)
  if (!referenced || key.columns.length !== key.referencedColumns.length) {
    findings.push(otherwise)
    return
  }
  const name = key.name === null ? '' : `CONSTRAINT ${quoteName(named(table, key.name, usedConstraints, findings))} `
  const deferred = key.deferred ? ' DEFERRABLE INITIALLY DEFERRED' : ''
  steps.push({
    sql: `ALTER TABLE ${qualifiedName(target.schema, target.name)} ADD ${name}FOREIGN KEY (${quoteNames(key.columns)}) REFERENCES ${qualifiedName(target.schema, referenced.name)} (${quoteNames(key.referencedColumns)}) ON UPDATE ${key.onUpdate} ON DELETE ${key.onDelete}${deferred}`,
    otherwise,
  })
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && [...a].sort().join('\0') === [...b].sort().join('\0')
}

function leftBehind(input: Omit<FindingInput, 'severity'>): Finding {
  return createFinding({ ...input, severity: 'note' })
}

/** An index or rule that cannot have its name on PostgreSQL, which cuts names at 63 bytes and has one of each in a schema. */
export function nameShortened(table: string, was: string, name: string, origin: 'model' | 'source'): Finding {
  return createFinding({
    code: 'NAME_SHORTENED',
    severity: 'note',
    table,
    shape: `${was} → ${name}`,
    params: { name, origin },
    message: `PostgreSQL would cut this name at 63 bytes, or has it for something else already; there it is ${name}.`,
    hint:
      origin === 'model'
        ? `Add map: "${name}" to it in the Prisma schema: Prisma refuses the schema for PostgreSQL without.`
        : 'Nothing to do unless something asks for it by its name.',
  })
}

function otherCollation(table: SqliteTable, index: SqliteIndex): Finding {
  const ignoresCase = index.parts.some((part) => part.collation === 'NOCASE')
  return createFinding({
    code: ignoresCase ? 'NOCASE_INDEX' : 'RTRIM_INDEX',
    severity: 'note',
    table: table.name,
    shape: index.name,
    message: ignoresCase
      ? 'This index ignores the case of letters; on PostgreSQL it is made over lower(… COLLATE "C"), which keeps out the same rows.'
      : 'This index ignores spaces at the end; on PostgreSQL it is made over rtrim(…), which keeps out the same rows.',
    hint: ignoresCase
      ? 'Queries use it when they compare lower(column COLLATE "C"), and comparisons on PostgreSQL heed case.'
      : 'Queries use it when they compare rtrim(column), and comparisons on PostgreSQL heed spaces.',
  })
}

/** The name that a rule of the file gets; said where it is not its own. */
function named(table: SqliteTable, wanted: string, used: Set<string>, findings: Finding[]): string {
  const name = freeName(wanted, used)
  if (name !== wanted) findings.push(nameShortened(table.name, wanted, name, 'source'))
  return name
}

/** A name that is not in use yet: index names by schema, constraint names by table. */
function freeName(wanted: string, used: Set<string>): string {
  let name = shorten(wanted)
  for (let number = 2; used.has(name); number += 1) name = shorten(`${wanted}_${number}`)
  used.add(name)
  return name
}

/** PostgreSQL cuts names at 63 bytes, perhaps into each other: a longer one ends in a digest of the whole. */
function shorten(name: string): string {
  if (Buffer.byteLength(name) <= maximumNameBytes) return name
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 8)
  let cut = name
  while (Buffer.byteLength(cut) > maximumNameBytes - 9) cut = cut.slice(0, -1)
  return `${cut}_${digest}`
}
