import { z } from 'zod'
import { hasTextAffinity } from '@/lib/core/affinity'
import type { PostgresCatalogue, PostgresColumn, SqliteCatalogue, SqliteColumn, SqliteTable } from '@/lib/core/catalogue'
import { createFinding, type Finding } from '@/lib/core/finding'
import { quoteName, safeSql } from '@/lib/core/quoted-name'
import { type ColumnProfile, chooseType, emptyProfile } from '@/lib/schema/column-type'
import { addColumn, type ColumnTypes, createTable, type TablePlan, targetColumns, translateComputed } from '@/lib/schema/create-table'
import { schemaMigrationsTable } from '@/lib/schema/map-tables'
import { scopeOf, type TranslationScope } from '@/lib/schema/translate-expression'
import { findAccepted, makeColumns, makeTable } from './make-tables'
import type { PlanDependencies, SchemaModel, TypeOverrides } from './plan-input'

export interface MissingContext extends PlanDependencies {
  readonly schema: string
  readonly overrides: TypeOverrides
  readonly model: SchemaModel
  readonly ownSql: string[]
  readonly findings: Finding[]
}

/** A table of the source that the model lacks, whole or in some columns. */
interface Missing {
  readonly table: SqliteTable
  readonly columns: readonly SqliteColumn[]
  /** Those that the model knows, as they stand on the target. */
  readonly present: readonly PostgresColumn[]
  readonly isWhole: boolean
}

/** What was chosen for it, and said of that. */
interface Chosen extends Missing {
  readonly types: ColumnTypes
  readonly scope: TranslationScope
  readonly findings: readonly Finding[]
  /** Computed columns that keep their present values. */
  readonly fixed: ReadonlySet<string>
  /** Whether its primary key arrives as a unique index: it is NULL in every row. */
  readonly isKeyless: boolean
}

/**
 * Makes the tables, and the columns of tables, that the model does not know, in the caller's transaction: no row and no
 * value is left behind for that. The values are looked at in all tables at once, and the tables are made in a few round
 * trips: 500 of them took 20 seconds one by one.
 *
 * @returns the types that were chosen, by table
 * @throws AppError SCHEMA_FAILED, TARGET_*
 */
export async function addMissing(
  source: SqliteCatalogue,
  modelled: PostgresCatalogue,
  context: MissingContext,
): Promise<ReadonlyMap<string, ColumnTypes>> {
  const { client, schema, ownSql, findings, model } = context
  const missing = findMissing(source, modelled)
  const profiles = await Promise.all(missing.map(({ table }) => context.profile(table)))
  const chosen: Chosen[] = []
  for (const [index, one] of missing.entries()) chosen.push(await choose(one, profiles[index] ?? new Map(), source.encoding, context))
  const planOf = ({ table, scope, fixed, isKeyless }: Chosen, plain: ReadonlySet<string>) =>
    createTable(isKeyless ? { ...table, primaryKey: [] } : table, schema, scope, new Set([...plain, ...fixed]))
  chosen.sort((a, b) => Number(isLikeImplicit(b.table, source)) - Number(isLikeImplicit(a.table, source)))
  const whole = chosen.filter(({ isWhole }) => isWhole)
  const accepted = await findAccepted(
    client,
    whole.map((missing) => planOf(missing, new Set()).create),
  )
  const made = new Set(whole.filter((_, index) => accepted[index]))
  for (const one of chosen) {
    const { table, columns, scope, fixed, isWhole } = one
    findings.push(...one.findings)
    const plans: readonly TablePlan[] = made.has(one)
      ? [planOf(one, new Set())]
      : isWhole
        ? [await makeTable(client, table, (plain) => planOf(one, plain))]
        : await makeColumns(client, table, columns, (column, plain) =>
            addColumn(table, column, schema, scope, plain || fixed.has(column.name)),
          )
    for (const plan of plans) {
      ownSql.push(plan.create)
      findings.push(...plan.findings)
    }
    if (model.kind !== 'introspect') findings.push(notInModel(table, isWhole ? null : columns.map((column) => column.name)))
  }
  return new Map(chosen.map(({ table, types }) => [table.name, types]))
}

/**
 * Whether a table is called as PostgreSQL calls the sequence or key of another one (`user_id_seq`). Made first, it keeps its
 * name: for those PostgreSQL then finds another.
 */
function isLikeImplicit({ name }: SqliteTable, source: SqliteCatalogue): boolean {
  return /_(?:seq|pkey)\d*$/.test(name) && source.tables.some((other) => name.startsWith(`${other.name}_`))
}

function findMissing(source: SqliteCatalogue, modelled: PostgresCatalogue): readonly Missing[] {
  const counterparts = new Map(modelled.tables.map((table) => [table.name, table]))
  return source.tables.flatMap((table): Missing[] => {
    if (table.name === schemaMigrationsTable) return []
    const counterpart = counterparts.get(table.name)
    const known = new Set(counterpart?.columns.map((column) => column.name))
    const columns = table.columns.filter((column) => !known.has(column.name))
    return counterpart && columns.length === 0 ? [] : [{ table, columns, present: counterpart?.columns ?? [], isWhole: !counterpart }]
  })
}

async function choose(
  missing: Missing,
  profiles: ReadonlyMap<string, ColumnProfile>,
  encoding: string,
  context: MissingContext,
): Promise<Chosen> {
  const { table, columns, present } = missing
  const types = new Map<string, string>()
  const findings: Finding[] = []
  for (const column of columns) {
    const profile = withCounter(table, column, profiles.get(column.name) ?? emptyProfile)
    const chosen = chooseType(column, profile)
    const override = context.overrides.get(table.name)?.get(column.name)
    types.set(column.name, override?.type ?? chosen.type)
    if (override) findings.push(widened(table, column, override.type, 'values of another kind', override.because))
    else if (chosen.widened !== null) {
      const { count, keys, shape } = profile.strangers ?? { count: 1, keys: [], shape: null }
      const rows = { count, key: keys[0] ?? null, sampleKeys: [...keys], shape }
      findings.push(widened(table, column, chosen.type, chosen.widened.why, rows))
    }
  }
  const nullKeys = missing.isWhole ? await countNullKeys(table, context) : 0
  if (nullKeys > 0) findings.push(keyHasNulls(table, nullKeys))
  const scope = scopeOf(table, targetColumns(table, types, present), encoding)
  return { ...missing, types, scope, findings, fixed: await computedOtherwise(table, columns, scope, context), isKeyless: nullKeys > 0 }
}

const countRow = z.tuple([z.object({ rows: z.number(), keyed: z.number() })])

/**
 * The rows of a table none of which has a key: of numbers that were meant to count up, as `SERIAL PRIMARY KEY` does on PostgreSQL and only
 * INTEGER PRIMARY KEY in SQLite (https://sqlite.org/lang_createtable.html#the_primary_key). 0 where any row has one, or for texts: there a
 * NULL is a fault of its row.
 */
async function countNullKeys(table: SqliteTable, { ask }: PlanDependencies): Promise<number> {
  const [name, ...others] = table.primaryKey
  const key = table.columns.find((column) => column.name === name)
  const mayBeNull = key && others.length === 0 && !key.notNull && key.name !== table.rowidColumn && !table.withoutRowid
  if (!mayBeNull || hasTextAffinity(key.declaredType)) return 0
  const [{ rows, keyed }] = countRow.parse(
    await ask(safeSql`SELECT count(*) AS rows, count(${quoteName(key.name)}) AS keyed FROM ${quoteName(table.name)}`),
  )
  return keyed === 0 ? rows : 0
}

function keyHasNulls(table: SqliteTable, count: number): Finding {
  return createFinding({
    code: 'KEY_HAS_NULLS',
    severity: 'note',
    table: table.name,
    column: table.primaryKey.join(', '),
    count,
    shape: `PRIMARY KEY (${table.primaryKey.join(', ')})`,
    message:
      'No row of this table has a primary key: it is NULL in each. On PostgreSQL it is a unique index, and every row arrives as it is.',
    hint: 'Give these rows a key first if it should stay the primary key.',
  })
}

/** Ids that were given out count as values: the next one must have room, though its rows are gone. */
function withCounter(table: SqliteTable, column: SqliteColumn, profile: ColumnProfile): ColumnProfile {
  if (table.rowidColumn !== column.name || table.sequence === null) return profile
  return { ...profile, largest: profile.largest === null || profile.largest < table.sequence ? table.sequence : profile.largest }
}

/** Computed columns that PostgreSQL would compute otherwise for some row that is there. */
async function computedOtherwise(
  table: SqliteTable,
  columns: readonly SqliteColumn[],
  scope: TranslationScope,
  { meets }: PlanDependencies,
): Promise<ReadonlySet<string>> {
  const fixed = new Set<string>()
  for (const column of columns) {
    for (const exception of translateComputed(column, scope)?.exceptions ?? []) {
      if (!fixed.has(column.name) && (await meets(table, exception))) fixed.add(column.name)
    }
  }
  return fixed
}

/** The reasons of column-type.ts, as the sentences in messages/ select them; texts that are too long bring their length. */
const whyWidened: Readonly<Record<string, string>> = {
  'values of another kind': 'kind',
  'texts or numbers, no binary values': 'unbinary',
  'binary values alone': 'binary',
  'texts that are not a time of the form HH:MM:SS': 'times',
  numbers: 'numbers',
  texts: 'texts',
  'numbers with a fraction': 'fractions',
  'integers beyond 53 bits': 'large',
  'numbers other than 0 and 1': 'boolean',
}

function widened(
  table: SqliteTable,
  column: SqliteColumn,
  type: string,
  why: string,
  rows: Pick<Finding, 'key' | 'sampleKeys' | 'count' | 'shape'>,
): Finding {
  const declared = column.declaredType
  return createFinding({
    code: 'COLUMN_WIDENED',
    severity: 'note',
    table: table.name,
    column: column.name,
    key: rows.key,
    sampleKeys: rows.sampleKeys,
    count: rows.count,
    shape: `${declared === '' ? 'no type' : declared} → ${type}${rows.shape === null ? '' : `, for ${rows.shape}`}`,
    params: { declared: declared === '' ? 'none' : declared, type, why: whyWidened[why] ?? 'other', longest: /\d+/.exec(why)?.[0] ?? '' },
    message: `The column is declared ${declared === '' ? 'without a type' : declared} but holds ${why}; it becomes ${type}, which holds each value as it is.`,
    hint: 'Correct the named values in the source first if the declared type is wanted.',
  })
}

function notInModel(table: SqliteTable, columns: readonly string[] | null): Finding {
  return createFinding({
    code: columns === null ? 'TABLE_ADDED' : 'COLUMN_ADDED',
    severity: 'note',
    params: { kind: 'model', is: '' },
    table: table.name,
    column: columns?.join(', ') ?? null,
    message:
      columns === null
        ? 'The model does not have this table; it is made from the SQLite file.'
        : 'The model does not describe these columns, or only as Unsupported; they are made from the SQLite file.',
    hint: 'Add them to the Prisma schema (prisma db pull), or drop them from SQLite if nobody needs them.',
  })
}
