import type pg from 'pg'
import { z } from 'zod'
import { quoteName } from '@/lib/core/quoted-name'
import { sqlStateOf } from '@/lib/postgres/connect'

const dropSchema = z.object({ drop: z.string(), create: z.string() })

const uniqueViolation = '23505'

/**
 * Runs statements on one table in the caller's transaction; where they are refused because two rows exchange unique values,
 * which PostgreSQL judges row by row and not at the end of a statement, runs them again with the table's unique indexes taken
 * away, and builds these anew after. So what stands there at the end is still held to every one of them. Foreign keys that
 * lean on such an index go and come with it. The primary key stays: by it the rows are found.
 *
 * Deleting the rows and inserting them again would do without, but would take along what refers to them with ON DELETE CASCADE.
 *
 * @param run may be called twice; what the first call did is undone before the second
 * @throws what `run` throws, and PostgreSQL's own error when the rows are not unique in the end
 */
export async function withoutUniqueIndexes<T>(
  client: pg.Client,
  table: { readonly schema: string; readonly name: string },
  run: () => Promise<T>,
): Promise<T> {
  await client.query('SAVEPOINT in_place')
  try {
    const result = await run()
    await client.query('RELEASE SAVEPOINT in_place')
    return result
  } catch (error) {
    if (sqlStateOf(error) !== uniqueViolation) throw error
    await client.query('ROLLBACK TO SAVEPOINT in_place')
  }
  const steps = await readSteps(client, table)
  for (const { drop } of steps) await client.query(drop)
  const result = await run()
  // Indexes come first, the foreign keys that need them after.
  for (const { create } of [...steps].reverse()) await client.query(create)
  return result
}

// Of an index that a constraint owns the constraint is dropped. Foreign keys of other tables may lean on either.
const stepsSql = `
WITH own AS (
  SELECT x.indexrelid, x.indrelid FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
   WHERE n.nspname = $1 AND t.relname = $2 AND x.indisunique AND NOT x.indisprimary
)
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', f.conrelid::regclass, f.conname) AS drop,
       format('ALTER TABLE %s ADD CONSTRAINT %I %s', f.conrelid::regclass, f.conname, pg_get_constraintdef(f.oid)) AS create, 1 AS place
  FROM pg_constraint f JOIN own ON own.indexrelid = f.conindid WHERE f.contype = 'f' AND f.conparentid = 0
UNION ALL
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', k.conrelid::regclass, k.conname),
       format('ALTER TABLE %s ADD CONSTRAINT %I %s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid)), 2
  FROM pg_constraint k JOIN own ON own.indexrelid = k.conindid WHERE k.contype = 'u'
UNION ALL
SELECT format('DROP INDEX %s', own.indexrelid::regclass), pg_get_indexdef(own.indexrelid), 2
  FROM own WHERE NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = own.indexrelid AND k.contype = 'u')
ORDER BY place`

async function readSteps(
  client: pg.Client,
  { schema, name }: { readonly schema: string; readonly name: string },
): Promise<readonly z.infer<typeof dropSchema>[]> {
  // Without a search path every name is written with its schema, so that the statements hold wherever they run.
  const { rows: before } = await client.query<{ search_path: string }>('SHOW search_path')
  await client.query(`SELECT set_config('search_path', '', true)`)
  const { rows } = await client.query(stepsSql, [schema, name])
  await client.query(`SELECT set_config('search_path', $1, true)`, [before[0]?.search_path ?? quoteName(schema)])
  return z.array(dropSchema).parse(rows)
}
