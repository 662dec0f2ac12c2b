import type { ForeignKey, PostgresCatalogue, PostgresTable, SqliteCatalogue, SqliteColumn, SqliteTable } from '@/lib/core/catalogue'
import { createFinding, type Finding } from '@/lib/core/finding'
import { schemaMigrationsTable } from '@/lib/schema/map-tables'
import type { ModelColumn } from '@/lib/schema/prisma-schema'
import { defaultsDiffer } from '@/lib/verification/compare-defaults'
import type { TargetReference } from '@/lib/verification/target-structure'

/** What the file has of a table or column, and the model otherwise or not at all. */
type LostRule = 'notnull' | 'default' | 'otherdefault' | 'computed' | 'counting' | 'action'

/**
 * What a file loses to a model that has drifted from it: the tables are made as the model says, so its NOT NULL, defaults,
 * computed columns, ids that count up, keys and actions of references are named where the model has others. What the model
 * lacks entirely (tables, columns, indexes, references, checks) is made from the file. Pure.
 *
 * @param modelled the schema as the model alone makes it
 * @param references of the whole schema
 * @param databaseDefaults columns whose default the model leaves to the file
 */
export function findModelDrift(
  source: SqliteCatalogue,
  modelled: PostgresCatalogue,
  references: readonly TargetReference[],
  databaseDefaults: readonly ModelColumn[] = [],
): readonly Finding[] {
  const isOfTheFile = ({ table, column, params }: Finding) =>
    params.kind === 'default' && databaseDefaults.some((one) => one.table === table && one.column === column)
  const own = source.tables.filter(({ name }) => name !== schemaMigrationsTable)
  return own.flatMap((table) => {
    const counterpart = modelled.tables.find(({ name }) => name === table.name)
    if (!counterpart) return otherSpelling(table.name, null, table.name, namesOf(modelled.tables), namesOf(source.tables))
    return [
      ...otherKey(table, counterpart),
      ...table.columns.flatMap((column) => columnDrift(table, column, counterpart)).filter((finding) => !isOfTheFile(finding)),
      ...table.foreignKeys.flatMap((key) => actionDrift(table, key, references)),
      ...counterOutOfRange(table, counterpart),
    ]
  })
}

function namesOf(things: readonly { readonly name: string }[]): readonly string[] {
  return things.map(({ name }) => name)
}

/** SQLite finds `User` where the file has `user`; PostgreSQL would give the app an empty table or column of the other name. */
function otherSpelling(
  table: string,
  column: string | null,
  name: string,
  wanted: readonly string[],
  present: readonly string[],
): readonly Finding[] {
  const other = wanted.find((candidate) => candidate.toLowerCase() === name.toLowerCase() && !present.includes(candidate))
  if (other === undefined) return []
  return [
    createFinding({
      code: 'NAME_CASE_DIFFERS',
      severity: 'blocks',
      table,
      column,
      shape: `${name} → ${other}`,
      params: { name: other },
      message: `The model calls it ${other}. SQLite takes both for one name and PostgreSQL does not: the app would find nothing there.`,
      hint: 'Rename it in the file (ALTER TABLE … RENAME …), or give the model its name with @map or @@map.',
    }),
  ]
}

function otherKey(table: SqliteTable, target: PostgresTable): readonly Finding[] {
  const same = [...table.primaryKey].sort().join('\0') === [...target.primaryKey].sort().join('\0')
  if (same || table.primaryKey.length === 0) return []
  const is = target.primaryKey.length === 0 ? '–' : target.primaryKey.join(', ')
  return [
    createFinding({
      code: 'KEY_NOT_IN_MODEL',
      severity: 'note',
      table: table.name,
      column: table.primaryKey.join(', '),
      shape: `PRIMARY KEY (${table.primaryKey.join(', ')})`,
      params: { is },
      message: `The primary key of the file is another one in the model (${is}). On PostgreSQL it is kept as a unique index.`,
      hint: 'Bring model and file into agreement first (prisma migrate deploy, prisma db push or prisma db pull) if it should stay the key.',
    }),
  ]
}

function columnDrift(table: SqliteTable, column: SqliteColumn, target: PostgresTable): readonly Finding[] {
  const counterpart = target.columns.find(({ name }) => name === column.name)
  if (!counterpart) return otherSpelling(table.name, column.name, column.name, namesOf(target.columns), namesOf(table.columns))
  const found: Finding[] = []
  const say = (kind: LostRule, was: string, is = '') => found.push(lost(table.name, column.name, kind, was, is))
  if (column.notNull && counterpart.nullable) say('notnull', 'NOT NULL')
  if (column.generated && !counterpart.generated) say('computed', `AS (${column.generated.expression})`)
  const fills = counterpart.defaultSql !== null || counterpart.identity !== null || counterpart.generated
  const wanted = column.defaultSql !== null && !/^\(?null\)?$/i.test(column.defaultSql) ? column.defaultSql : null
  if (wanted !== null && !fills) say('default', `DEFAULT ${wanted}`)
  if (wanted !== null && defaultsDiffer(wanted, column.declaredType, counterpart))
    say('otherdefault', `DEFAULT ${wanted}`, `DEFAULT ${counterpart.defaultSql}`)
  if (table.rowidColumn === column.name && table.autoIncrement && !fills) say('counting', 'AUTOINCREMENT')
  return found
}

function actionDrift(table: SqliteTable, key: ForeignKey, references: readonly TargetReference[]): readonly Finding[] {
  const counterpart = references.find(
    (reference) =>
      reference.table === table.name &&
      reference.referencedTable === key.referencedTable &&
      [...reference.columns].sort().join('\0') === [...key.columns].sort().join('\0'),
  )
  const was = describe(key)
  if (!counterpart || describe(counterpart) === was) return []
  return [lost(table.name, key.columns.join(', '), 'action', was, describe(counterpart))]
}

function describe({ referencedTable, referencedColumns, onUpdate, onDelete, deferred }: ForeignKey | TargetReference): string {
  const columns = [...referencedColumns].sort().join(', ')
  return `REFERENCES ${referencedTable} (${columns}) ON UPDATE ${onUpdate} ON DELETE ${onDelete}${deferred ? ' DEFERRABLE INITIALLY DEFERRED' : ''}`
}

const lostWords: Readonly<Record<LostRule, (was: string, is: string) => string>> = {
  notnull: () => 'The file does not let this column be NULL; the model does, and so will PostgreSQL.',
  default: (was) => `The file fills this column in (${was}); the model does not, and neither will PostgreSQL.`,
  otherdefault: (was, is) => `The file fills this column in with ${was}, the model and PostgreSQL with ${is}.`,
  computed: (was) => `The file computes this column (${was}); in the model it is an ordinary one, whose values stay as they are now.`,
  counting: () => 'The file gives out these ids by itself; the model does not (no @default(autoincrement())), and neither will PostgreSQL.',
  action: (was, is) => `The file follows this reference with ${was}, the model and PostgreSQL with ${is}.`,
}

function lost(table: string, column: string, kind: LostRule, was: string, is: string): Finding {
  return createFinding({
    code: 'RULE_NOT_IN_MODEL',
    severity: 'note',
    table,
    column,
    shape: was,
    params: { kind, was, is },
    message: lostWords[kind](was, is),
    hint: 'The model decides. Change it first if what the file has should stay.',
  })
}

const largestId: Readonly<Record<string, bigint>> = { int2: 32_767n, int4: 2_147_483_647n, int8: 9_223_372_036_854_775_807n }

/** Ids that the file has already given out, beyond what the model's type can count to: no new row could be made. */
function counterOutOfRange(table: SqliteTable, target: PostgresTable): readonly Finding[] {
  const column = target.columns.find(({ name }) => name === table.rowidColumn)
  const most = column?.sequence ? largestId[column.typeName] : undefined
  if (!column || most === undefined || table.sequence === null || table.sequence < most || column.typeName === 'int8') return []
  return [
    createFinding({
      code: 'COUNTER_OUT_OF_RANGE',
      severity: 'blocks',
      table: table.name,
      column: column.name,
      params: { last: String(table.sequence), most: String(most) },
      message: `The file has given out ids up to ${table.sequence}, and this column counts no further than ${most}.`,
      hint: 'Make the field BigInt in the data model; or, if no such id is in use, set the counter in sqlite_sequence back.',
    }),
  ]
}
