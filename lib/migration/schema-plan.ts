import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type pg from 'pg'
import { z } from 'zod'
import type { PostgresCatalogue, SqliteCatalogue } from '@/lib/core/catalogue'
import { AppError } from '@/lib/core/errors'
import type { Finding } from '@/lib/core/finding'
import { qualifiedName, quoteName } from '@/lib/core/quoted-name'
import { readPostgresCatalogue } from '@/lib/postgres/catalogue'
import { toPostgresError } from '@/lib/postgres/connect'
import { completeSchema, nameShortened } from '@/lib/schema/complete-schema'
import type { ColumnTypes } from '@/lib/schema/create-table'
import { addDatabaseDefaults } from '@/lib/schema/database-defaults'
import { scriptWithDistinctNames } from '@/lib/schema/distinct-names'
import { schemaMigrationsTable } from '@/lib/schema/map-tables'
import { offlinePostgresql } from '@/lib/schema/offline-adapter'
import { findOtherModel } from '@/lib/schema/other-model'
import { scriptForRehearsal } from '@/lib/schema/postgresql-statements'
import { listDatabaseDefaults, rewriteForPostgresql } from '@/lib/schema/prisma-schema'
import { requireSchemaEngine } from '@/lib/schema/schema-engine'
import { listSchemaMigrations } from '@/lib/schema/schema-migrations'
import { readTargetStructure, type TargetReference } from '@/lib/verification/target-structure'
import { addMissing } from './add-missing'
import { findAccepted } from './make-tables'
import { findModelDrift } from './model-drift'
import type { PlanDependencies, SchemaModel, TypeOverrides } from './plan-input'
import { probeLimits } from './probe-limits'

export type { PlanDependencies, SchemaModel, TypeOverride, TypeOverrides } from './plan-input'

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
  /** References of the whole schema; empty without a model, where they are the file's own. */
  readonly references: readonly TargetReference[]
  /** Said when the model is plainly of another file; null otherwise, and without a model. */
  readonly otherModel: Finding | null
  readonly findings: readonly Finding[]
}

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
  const findings: Finding[] = []
  const modelSql = await sqlOfModel(model, findings)
  const ownSql: string[] = []
  await client.query('BEGIN')
  try {
    const exists = await client.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema])
    const createsSchema = exists.rowCount === 0
    if (createsSchema) await client.query(`CREATE SCHEMA ${quoteName(schema)}`)
    await runModel(client, model, schema, modelSql)
    const modelled = await readPostgresCatalogue(client, schema)
    const chosenTypes = await addMissing(source, modelled, { ...dependencies, schema, overrides, model, ownSql, findings })
    const present = ownSql.length > 0 ? await readPostgresCatalogue(client, schema) : modelled
    const databaseDefaults = model.kind === 'schema' ? listDatabaseDefaults(model.files) : []
    const completions = [addDatabaseDefaults(source, present, databaseDefaults), completeSchema(source, present)]
    findings.push(...completions.flatMap((completion) => completion.findings))
    const steps = completions.flatMap((completion) => completion.steps)
    const accepted = await findAccepted(
      client,
      steps.map((step) => step.sql),
    )
    for (const [index, step] of steps.entries()) {
      if (accepted[index]) ownSql.push(step.sql)
      else findings.push(step.otherwise)
    }
    const catalogue = await readPostgresCatalogue(client, schema)
    const routines = await readRoutines(client, schema)
    findings.push(...(await probeLimits(client, source, catalogue, dependencies.ask)))
    const references = model.kind === 'introspect' ? [] : (await readTargetStructure(client, schema)).references
    if (model.kind !== 'introspect') findings.push(...findModelDrift(source, modelled, references, databaseDefaults))
    const otherModel = model.kind === 'introspect' ? null : findOtherModel(source, modelled)
    return { model, createsSchema, modelSql, ownSql, catalogue, routines, chosenTypes, references, otherModel, findings }
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

async function sqlOfModel(model: SchemaModel, findings: Finding[]): Promise<string> {
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
    const { sql, renamed } = await scriptWithDistinctNames(offlinePostgresql(), files)
    findings.push(...renamed.map(({ table, attribute, name }) => nameShortened(table, attribute, name, 'model')))
    return withoutSchemaStatement(sql)
  } catch (cause) {
    throw new AppError({
      code: 'MODEL_INVALID',
      operation: 'read the Prisma schema',
      message: `Prisma does not accept the schema: ${engineMessage(cause)}`,
      hint:
        model.folder === undefined
          ? 'Check it with: npx prisma validate.'
          : `Other .prisma files lie beside it: give the folder, --schema ${model.folder}. Or check it with: npx prisma validate.`,
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
