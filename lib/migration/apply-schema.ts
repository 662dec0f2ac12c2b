import { PrismaPg } from '@prisma/adapter-pg'
import type pg from 'pg'
import { quoteName } from '@/lib/core/quoted-name'
import { pauseAutovacuum } from '@/lib/postgres/autovacuum'
import { readPostgresCatalogue } from '@/lib/postgres/catalogue'
import { createPool } from '@/lib/postgres/connect'
import { readMark, recordStage, writeMark } from '@/lib/postgres/copy-mark'
import { removeCopy } from '@/lib/postgres/remove-copy'
import { stripStructure } from '@/lib/postgres/structure'
import type { TargetUrl } from '@/lib/postgres/target-url'
import { schemaMigrationsTable } from '@/lib/schema/map-tables'
import { applySchemaMigrations } from '@/lib/schema/schema-migrations'
import { type SchemaModel, type SchemaPlan, schemaError } from './schema-plan'

/** All that is needed to make a planned schema for good: names and statements, so that it can be kept and done later. */
export interface SchemaSteps {
  readonly createsSchema: boolean
  /** SQL of the model; of a history the schema engine applies its files instead. */
  readonly modelSql: string
  readonly ownSql: readonly string[]
  /** Everything that will be made, by name. */
  readonly tables: readonly string[]
  readonly types: readonly string[]
  readonly routines: readonly string[]
}

export interface ApplyContext {
  readonly target: TargetUrl
  readonly jobId: string
  readonly applicationName: string
  readonly model: SchemaModel
  /** Of the record that belongs to the copy; kept in the mark. */
  readonly recordChecksum: string
  readonly signal: AbortSignal
}

/** Each was accepted when the schema was planned: a round trip for each is not needed. */
const statementsAtOnce = 100

export function stepsOf(plan: SchemaPlan): SchemaSteps {
  return {
    createsSchema: plan.createsSchema,
    modelSql: plan.modelSql,
    ownSql: plan.ownSql,
    tables: plan.catalogue.tables.map((table) => table.name),
    types: plan.catalogue.enums.map((type) => type.name),
    routines: plan.routines,
  }
}

/**
 * Makes the planned schema for good. First of all the mark, which names everything that is about to be made: killed at
 * any point after it, what stands there is known to be ours. Then the model, our additions, and off with keys, indexes
 * and references, which come back after the copy, as autovacuum does. What an earlier attempt left half made is taken away first.
 *
 * @throws AppError SCHEMA_FAILED, TARGET_*
 */
export async function applySchema(client: pg.Client, steps: SchemaSteps, context: ApplyContext): Promise<void> {
  const { target, model, jobId } = context
  try {
    const leftover = await readMark(client)
    if (leftover?.jobId === jobId && leftover.state === 'copying') await removeCopy(client, leftover)
    await inTransaction(client, async () => {
      await writeMark(client, {
        jobId,
        targetSchema: target.schema,
        createdSchema: steps.createsSchema,
        tables: [...steps.tables],
        types: [...steps.types],
        routines: [...steps.routines],
        recordChecksum: context.recordChecksum,
      })
      if (steps.createsSchema) await client.query(`CREATE SCHEMA ${quoteName(target.schema)}`)
    })
    if (model.kind === 'history') await applyHistory(client, model.folder, context)
    else if (steps.modelSql.trim() !== '') await inTransaction(client, () => client.query(steps.modelSql))
    await inTransaction(client, async () => {
      for (let from = 0; from < steps.ownSql.length; from += statementsAtOnce) {
        await client.query(steps.ownSql.slice(from, from + statementsAtOnce).join('\n;\n'))
      }
      const catalogue = await readPostgresCatalogue(client, target.schema)
      await stripStructure(client, catalogue, new Set([schemaMigrationsTable]))
      await pauseAutovacuum(client, target.schema, steps.tables)
      await recordStage(client, jobId, 'schema')
    })
  } catch (error) {
    throw schemaError(error, model)
  }
}

async function applyHistory(client: pg.Client, folder: string, { target, applicationName, signal }: ApplyContext): Promise<void> {
  const pool = await createPool(client, target, { applicationName, signal, max: 1 })
  try {
    await applySchemaMigrations(new PrismaPg(pool, { schema: target.schema }), folder)
  } finally {
    await pool.end()
  }
}

/** Runs `use` between BEGIN and COMMIT, or ROLLBACK when it throws. */
export async function inTransaction<T>(client: pg.Client, use: () => Promise<T>): Promise<T> {
  await client.query('BEGIN')
  try {
    const result = await use()
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}
