import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type pg from 'pg'
import { z } from 'zod'
import type { PostgresCatalogue, SqliteCatalogue, SqliteColumn, SqliteTable } from '@/lib/core/catalogue'
import { AppError } from '@/lib/core/errors'
import { createFinding, type Finding } from '@/lib/core/finding'
import { qualifiedName, quoteName } from '@/lib/core/quoted-name'
import { readPostgresCatalogue } from '@/lib/postgres/catalogue'
import { toPostgresError } from '@/lib/postgres/connect'
import { type ColumnProfile, chooseType } from '@/lib/schema/column-type'
import { completeSchema } from '@/lib/schema/complete-schema'
import { addColumn, type ColumnTypes, createTable, targetColumns, translateComputed } from '@/lib/schema/create-table'
import { schemaMigrationsTable } from '@/lib/schema/map-tables'
import { offlinePostgresql } from '@/lib/schema/offline-adapter'
import { scriptForRehearsal } from '@/lib/schema/postgresql-statements'
import { rewriteForPostgresql } from '@/lib/schema/prisma-schema'
import { requireSchemaEngine, type SchemaFile, scriptFromEmpty } from '@/lib/schema/schema-engine'
import { listSchemaMigrations } from '@/lib/schema/schema-migrations'
import { isAccepted, makeColumns, makeTable } from './make-tables'
import { type AskSource, probeLimits } from './probe-limits'

/** Where the target's schema comes from. */
export type SchemaModel =
  /** A folder of schema migrations for PostgreSQL, as `prisma migrate` keeps them. */
  | { readonly kind: 'history'; readonly folder: string }
  /** A Prisma schema for SQLite, one file or several. */
  | { readonly kind: 'schema'; readonly files: readonly SchemaFile[] }
  /** Nothing but the SQLite file itself. */
  | { readonly kind: 'introspect' }

/** How the target's schema will be made, tried out on the target in a transaction that was rolled back. */
export interface SchemaPlan {
  readonly model: SchemaModel
  readonly createsSchema: boolean
  /** SQL of the model; for a history it is only what was tried, the schema engine applies it for good. */
  readonly modelSql: string
  /** SQL for what the model lacks: tables, columns, checks, indexes, references. PostgreSQL has accepted each. */
  readonly ownSql: readonly string[]
  /** The schema as it will stand. */
  readonly catalogue: PostgresCatalogue
  readonly routines: readonly string[]
  /** Tables whose types were chosen by us, by table and column. */
  readonly chosenTypes: ReadonlyMap<string, ColumnTypes>
  readonly findings: readonly Finding[]
}

export interface PlanDependencies {
  readonly client: pg.Client
  /** Reads what the values of a table without a model are; slow, so asked for only when needed. */
  readonly profile: (table: SqliteTable) => Promise<ReadonlyMap<string, ColumnProfile>>
  /** Whether a row of a table meets a condition in SQLite's SQL; asked for computed columns only. */
  readonly meets: (table: SqliteTable, condition: string) => Promise<boolean>
  /** Runs a statement on the source; asked where its values may be too long for the target. */
  readonly ask: AskSource
}

/** A type that a value check asked for instead of the one chosen first, and what it found. */
export interface TypeOverride {
  readonly type: string
  readonly because: Finding
}

/** By table and column. */
export type TypeOverrides = ReadonlyMap<string, ReadonlyMap<string, TypeOverride>>

/**
 * Finds out how the target's schema will look, by making it there inside a transaction that is rolled back: types,
 * names and expressions are then what this very server makes of them, and nothing is left behind, whatever happens.
 *
 * @throws AppError MODEL_INVALID, SCHEMA_FAILED, TARGET_*
 */
export async function planSchema(
  source: SqliteCatalogue,
  model: SchemaModel,
  schema: string,
  overrides: TypeOverrides,
  dependencies: PlanDependencies,
): Promise<SchemaPlan> {
  const { client } = dependencies
  const modelSql = await sqlOfModel(model)
  const findings: Finding[] = []
  const ownSql: string[] = []
  const chosenTypes = new Map<string, ColumnTypes>()
  await client.query('BEGIN')
  try {
    const exists = await client.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema])
    const createsSchema = exists.rowCount === 0
    if (createsSchema) await client.query(`CREATE SCHEMA ${quoteName(schema)}`)
    await runModel(client, model, schema, modelSql)
    const modelled = await readPostgresCatalogue(client, schema)
    for (const table of source.tables) {
      if (table.name === schemaMigrationsTable) continue
      const types = await addMissing(table, modelled, { ...dependencies, schema, overrides, model, ownSql, findings })
      if (types) chosenTypes.set(table.name, types)
    }
    const completion = completeSchema(source, ownSql.length > 0 ? await readPostgresCatalogue(client, schema) : modelled)
    findings.push(...completion.findings)
    for (const step of completion.steps) {
      if (await isAccepted(client, step.sql)) ownSql.push(step.sql)
      else findings.push(step.otherwise)
    }
    const catalogue = await readPostgresCatalogue(client, schema)
    const routines = await readRoutines(client, schema)
    findings.push(...(await probeLimits(client, source, catalogue, dependencies.ask)))
    return { model, createsSchema, modelSql, ownSql, catalogue, routines, chosenTypes, findings }
  } catch (error) {
    throw schemaError(error, model)
  } finally {
    await client.query('ROLLBACK').catch(() => undefined)
  }
}

/** The SQL of the whole schema, for people to look at. */
export function schemaSqlOf({ modelSql, ownSql }: SchemaPlan): string {
  return [modelSql.trim(), ...ownSql.map((sql) => `${sql};`)].filter((sql) => sql !== '').join('\n\n')
}

/** What is said when the model cannot be turned into a schema, or PostgreSQL refuses it. */
export function schemaError(error: unknown, model: SchemaModel): AppError {
  const known = toPostgresError(error, 'schema', 'SCHEMA_FAILED')
  if (known.code !== 'SCHEMA_FAILED' || error instanceof AppError) return known
  return new AppError({
    code: 'SCHEMA_FAILED',
    operation: 'make the schema',
    message: `The target's schema could not be made: ${error instanceof Error ? error.message : String(error)}`,
    hint:
      model.kind === 'introspect'
        ? 'Give the app’s Prisma schema with --schema.'
        : 'Check the Prisma schema and its migrations for PostgreSQL.',
    cause: error,
  })
}

async function sqlOfModel(model: SchemaModel): Promise<string> {
  if (model.kind === 'introspect') return ''
  if (model.kind === 'history') {
    const names = await listSchemaMigrations(model.folder)
    const scripts = await Promise.all(names.map((name) => readFile(join(model.folder, name, 'migration.sql'), 'utf8')))
    // A script may leave off its last semicolon.
    return scripts.join('\n;\n')
  }
  const files = rewriteForPostgresql(model.files)
  await requireSchemaEngine()
  try {
    return withoutSchemaStatement(await scriptFromEmpty(offlinePostgresql(), files))
  } catch (cause) {
    throw new AppError({
      code: 'MODEL_INVALID',
      operation: 'read the Prisma schema',
      message: `Prisma does not accept the schema: ${engineMessage(cause)}`,
      hint: 'Check it with: npx prisma validate.',
      cause,
    })
  }
}

/** The target's schema exists by then, and the statement would ask for rights on the whole database. */
function withoutSchemaStatement(script: string): string {
  return script.replace(/-- CreateSchema\nCREATE SCHEMA IF NOT EXISTS "[^"]*";\n+/, '')
}

function engineMessage(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause)
  // The engine colours its messages for terminals.
  return text.replace(new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g'), '').slice(0, 1000)
}

async function runModel(client: pg.Client, model: SchemaModel, schema: string, sql: string): Promise<void> {
  if (sql.trim() === '') return
  if (model.kind !== 'history') {
    await client.query(sql)
    return
  }
  // People write BEGIN and COMMIT into their schema migrations, which would end the transaction that is to be rolled back.
  await client.query(scriptForRehearsal(sql))
  // As the schema engine writes it, so that the plan has every table that will stand there.
  await client.query(`CREATE TABLE IF NOT EXISTS ${qualifiedName(schema, schemaMigrationsTable)} (id varchar(36) PRIMARY KEY)`)
}

interface MissingContext extends PlanDependencies {
  readonly schema: string
  readonly overrides: TypeOverrides
  readonly model: SchemaModel
  readonly ownSql: string[]
  readonly findings: Finding[]
}

/** Makes a table, or the columns of one, that the model does not know: no row and no value is left behind for that. */
async function addMissing(table: SqliteTable, modelled: PostgresCatalogue, context: MissingContext): Promise<ColumnTypes | null> {
  const counterpart = modelled.tables.find((candidate) => candidate.name === table.name)
  const known = new Set(counterpart?.columns.map((column) => column.name))
  const missing = table.columns.filter((column) => !known.has(column.name))
  if (counterpart && missing.length === 0) return null
  const profiles = await context.profile(table)
  const types = new Map<string, string>()
  for (const column of missing) {
    const profile = profiles.get(column.name) ?? emptyProfile
    const chosen = chooseType(column, profile)
    const override = context.overrides.get(table.name)?.get(column.name)
    types.set(column.name, override?.type ?? chosen.type)
    if (override) context.findings.push(widened(table, column, override.type, 'values of another kind', override.because))
    else if (chosen.widened !== null) {
      const { count, keys, shape } = profile.strangers ?? { count: 1, keys: [], shape: null }
      const rows = { count, key: keys[0] ?? null, sampleKeys: [...keys], shape }
      context.findings.push(widened(table, column, chosen.type, chosen.widened.why, rows))
    }
  }
  const { client, schema } = context
  const fixed = await computedOtherwise(table, missing, types, context)
  const plans = counterpart
    ? await makeColumns(client, table, missing, (column, plain) => addColumn(table, column, schema, types, plain || fixed.has(column.name)))
    : [await makeTable(client, table, (plain) => createTable(table, schema, types, new Set([...plain, ...fixed])))]
  for (const plan of plans) {
    context.ownSql.push(plan.create)
    context.findings.push(...plan.findings)
  }
  if (context.model.kind !== 'introspect')
    context.findings.push(notInModel(table, counterpart ? missing.map((column) => column.name) : null))
  return types
}

/** Computed columns that PostgreSQL would compute otherwise for some row that is there. */
async function computedOtherwise(
  table: SqliteTable,
  columns: readonly SqliteColumn[],
  types: ColumnTypes,
  { meets }: MissingContext,
): Promise<ReadonlySet<string>> {
  const fixed = new Set<string>()
  for (const column of columns) {
    for (const exception of translateComputed(table, column, targetColumns(table, types))?.exceptions ?? []) {
      if (!fixed.has(column.name) && (await meets(table, exception))) fixed.add(column.name)
    }
  }
  return fixed
}

const emptyProfile: ColumnProfile = {
  integers: 0,
  reals: 0,
  texts: 0,
  blobs: 0,
  smallest: null,
  largest: null,
  longestText: 0,
  dates: 0,
  times: 0,
  strangers: null,
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
    params: { kind: 'model' },
    table: table.name,
    column: columns?.join(', ') ?? null,
    message:
      columns === null
        ? 'The model does not have this table; it is made from the SQLite file.'
        : 'The model does not have these columns; they are made from the SQLite file.',
    hint: 'Add them to the Prisma schema (prisma db pull), or drop them from SQLite if nobody needs them.',
  })
}

async function readRoutines(client: pg.Client, schema: string): Promise<readonly string[]> {
  const { rows } = await client.query(
    `SELECT format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) AS signature
     FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE n.nspname = $1 AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e')`,
    [schema],
  )
  return z
    .array(z.object({ signature: z.string() }))
    .parse(rows)
    .map((row) => row.signature)
}
