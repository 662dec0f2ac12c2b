import type { PostgresColumn, PostgresTable, SqliteColumn, SqliteTable } from '@/lib/core/catalogue'
import { createFinding, type Finding, type Severity } from '@/lib/core/finding'
import { qualifiedName, quoteName } from '@/lib/core/quoted-name'
import { defaultsDiffer } from './compare-defaults'

/**
 * What the target's columns let in or fill in otherwise than the source's: NOT NULL, defaults, computed columns, ids that
 * count up, CHECK constraints. Pure.
 *
 * @param severity of what a data model may have decided so
 */
export function compareColumns(source: SqliteTable, target: PostgresTable, severity: Severity): readonly Finding[] {
  const table = qualifiedName(target.schema, target.name)
  const both = source.columns.flatMap((column) => {
    const counterpart = target.columns.find(({ name }) => name === column.name)
    return counterpart ? [{ column, counterpart }] : []
  })
  const findings = both.flatMap(({ column, counterpart }) => compareColumn({ source, table, column, counterpart, severity }))
  return [...findings, ...compareChecks(source, target, severity)]
}

interface ColumnPair {
  readonly source: SqliteTable
  /** The target's table, qualified and quoted. */
  readonly table: string
  readonly column: SqliteColumn
  readonly counterpart: PostgresColumn
  readonly severity: Severity
}

function compareColumn({ source, table, column, counterpart, severity }: ColumnPair): readonly Finding[] {
  const name = quoteName(column.name)
  const place = { table: source.name, column: column.name, severity }
  const found: Finding[] = []
  if (column.notNull && counterpart.nullable) {
    const sql = `ALTER TABLE ${table} ALTER COLUMN ${name} SET NOT NULL;`
    found.push(
      createFinding({
        ...place,
        code: 'NOT_NULL_MISSING',
        params: { sql },
        message: 'The target lets this column be NULL; the source does not.',
        hint: `Run: ${sql}`,
      }),
    )
  }
  const isUnrecorded = severity === 'blocks'
  if (isUnrecorded && !column.notNull && !counterpart.nullable && !source.primaryKey.includes(column.name) && !counterpart.generated) {
    const sql = `ALTER TABLE ${table} ALTER COLUMN ${name} DROP NOT NULL;`
    found.push(
      createFinding({
        ...place,
        code: 'NOT_NULL_ADDED',
        severity: 'note',
        params: { sql },
        message: 'The target refuses NULL in this column; the source takes it.',
        hint: `Unless the data model requires the column, run: ${sql}`,
      }),
    )
  }
  if (column.generated && !counterpart.generated) {
    found.push(
      createFinding({
        ...place,
        code: 'GENERATED_MISSING',
        shape: `computed as ${column.generated.expression}`,
        message: 'The source computes this column; on the target it is an ordinary one, whose values go stale.',
        hint: 'Drop the column on the target and add it again as GENERATED ALWAYS AS (…) STORED.',
      }),
    )
  }
  if (!column.generated && counterpart.generated) {
    const sql = `ALTER TABLE ${table} ALTER COLUMN ${name} DROP EXPRESSION;`
    found.push(
      createFinding({
        ...place,
        code: 'GENERATED_ADDED',
        params: { sql },
        message: 'The target computes this column and refuses what the app writes to it; in the source it is an ordinary one.',
        hint: `Run: ${sql}`,
      }),
    )
  }
  return [...found, ...compareFilling({ source, table, column, counterpart, severity })]
}

/** What fills the column in where the app gives no value. */
function compareFilling({ source, table, column, counterpart, severity }: ColumnPair): readonly Finding[] {
  const name = quoteName(column.name)
  const place = { table: source.name, column: column.name, severity }
  const hasDefault = counterpart.defaultSql !== null || counterpart.identity !== null || counterpart.generated
  const wanted = column.defaultSql !== null && !/^\(?null\)?$/i.test(column.defaultSql) ? column.defaultSql : null
  const found: Finding[] = []
  if (wanted !== null && !hasDefault) {
    const sql = `ALTER TABLE ${table} ALTER COLUMN ${name} SET DEFAULT …;`
    found.push(
      createFinding({
        ...place,
        code: 'DEFAULT_MISSING',
        shape: `DEFAULT ${wanted}`,
        params: { sql },
        message: 'The source gives this column a default and the target does not.',
        hint: `Set it: ${sql}`,
      }),
    )
  }
  if (wanted !== null && defaultsDiffer(wanted, column.declaredType, counterpart)) {
    const sql = `ALTER TABLE ${table} ALTER COLUMN ${name} SET DEFAULT …;`
    const params = { wanted, present: counterpart.defaultSql ?? '', sql }
    found.push(
      createFinding({
        ...place,
        code: 'DEFAULT_DIFFERS',
        shape: `DEFAULT ${counterpart.defaultSql}`,
        params,
        message: `The target fills this column in with another value: ${params.present} instead of ${wanted}.`,
        hint: `Set it: ${sql}`,
      }),
    )
  }
  if (source.rowidColumn === column.name && source.autoIncrement && !hasDefault) {
    const sql = `ALTER TABLE ${table} ALTER COLUMN ${name} ADD GENERATED BY DEFAULT AS IDENTITY;`
    found.push(
      createFinding({
        ...place,
        code: 'IDENTITY_MISSING',
        params: { sql },
        message: 'The source gives out these ids itself; the target does not.',
        hint: `Run: ${sql}`,
      }),
    )
  }
  return found
}

/** CHECK constraints are written in two dialects and cannot be matched by text: fewer or more of them is what can be told. */
function compareChecks(source: SqliteTable, target: PostgresTable, severity: Severity): readonly Finding[] {
  const present = target.constraints.filter(({ kind }) => kind === 'check').length
  // json_valid(x) says nothing that a json column does not say.
  const wanted = source.checks.filter(({ expression }) => !/^\s*json_valid\s*\(/i.test(expression))
  // Where the structure that the copy made is on record, the record says what was added.
  if (present === wanted.length || (present > wanted.length && severity === 'note')) return []
  const params = { wanted: wanted.length, present }
  if (present > wanted.length) {
    const definitions = target.constraints.filter(({ kind }) => kind === 'check').map(({ name, definition }) => `${name}: ${definition}`)
    return [
      createFinding({
        code: 'CHECK_ADDED',
        severity: 'note',
        table: source.name,
        count: present - wanted.length,
        shape: definitions.join(', '),
        params,
        message: `The target has ${present} CHECK constraints on this table and the source ${wanted.length}: it may refuse rows that SQLite takes.`,
        hint: 'Look whether the app’s data model wants them; otherwise drop them.',
      }),
    ]
  }
  return [
    createFinding({
      code: 'CHECK_MISSING',
      severity,
      table: source.name,
      count: wanted.length - present,
      shape: wanted.map(({ expression }) => `CHECK (${expression})`).join(', '),
      params,
      message: `The source has ${wanted.length} CHECK constraints on this table and the target ${present}.`,
      hint: 'Add what is missing on the target: ALTER TABLE … ADD CHECK (…).',
    }),
  ]
}
