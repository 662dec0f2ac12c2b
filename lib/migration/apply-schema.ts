import { PrismaPg } from '@prisma/adapter-pg'
import type pg from 'pg'
import { quoteName } from '@/lib/core/quoted-name'
import { readPostgresCatalogue } from '@/lib/postgres/catalogue'
import { createPool } from '@/lib/postgres/connect'
import { writeMark } from '@/lib/postgres/copy-mark'
import { stripStructure } from '@/lib/postgres/structure'
import type { TargetUrl } from '@/lib/postgres/target-url'
import { schemaMigrationsTable } from '@/lib/schema/map-tables'
import { applySchemaMigrations } from '@/lib/schema/schema-migrations'
import { type SchemaPlan, schemaError } from './schema-plan'

/**
 * Makes the planned schema for good. First of all the mark, which names everything that is about to be made: killed at
 * any point after it, what stands there is known to be ours. Then the model, our additions, and off with keys, indexes
 * and references, which come back after the copy.
 *
 * @throws AppError SCHEMA_FAILED, TARGET_*
 */
export async function applySchema(
  client: pg.Client,
  target: TargetUrl,
  plan: SchemaPlan,
  jobId: string,
  applicationName: string,
): Promise<void> {
  try {
    await inTransaction(client, async () => {
      await writeMark(client, {
        jobId,
        targetSchema: target.schema,
        createdSchema: plan.createsSchema,
        tables: plan.catalogue.tables.map((table) => table.name),
        types: plan.catalogue.enums.map((type) => type.name),
        routines: [...plan.routines],
      })
      if (plan.createsSchema) await client.query(`CREATE SCHEMA ${quoteName(target.schema)}`)
    })
    if (plan.model.kind === 'history') await applyHistory(client, target, plan.model.folder, applicationName)
    else if (plan.modelSql.trim() !== '') await inTransaction(client, () => client.query(plan.modelSql))
    await inTransaction(client, async () => {
      for (const sql of plan.ownSql) await client.query(sql)
      const catalogue = await readPostgresCatalogue(client, target.schema)
      await stripStructure(client, catalogue, new Set([schemaMigrationsTable]))
    })
  } catch (error) {
    throw schemaError(error, plan.model)
  }
}

async function applyHistory(client: pg.Client, target: TargetUrl, folder: string, applicationName: string): Promise<void> {
  const pool = await createPool(client, target, { applicationName, max: 1 })
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
