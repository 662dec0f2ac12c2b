import type pg from 'pg'
import { z } from 'zod'

/** Indexes and references of the target as its catalogue has them, as far as they can fall short of the source's. */
const indexSchema = z.object({
  table: z.string(),
  name: z.string(),
  unique: z.boolean(),
  primary: z.boolean(),
  valid: z.boolean(),
  /** Null for an expression. */
  columns: z.array(z.string().nullable()),
  /** The condition of a partial index. */
  condition: z.string().nullable(),
})
const referenceSchema = z.object({
  table: z.string(),
  name: z.string(),
  columns: z.array(z.string()),
  referencedTable: z.string(),
  validated: z.boolean(),
  /** False when one of its triggers is switched off: rows go in unchecked. */
  enforced: z.boolean(),
})
export type TargetIndex = z.infer<typeof indexSchema>
export type TargetReference = z.infer<typeof referenceSchema>

export interface TargetStructure {
  readonly indexes: readonly TargetIndex[]
  readonly references: readonly TargetReference[]
}

const indexesSql = `
SELECT t.relname AS "table", i.relname AS name, x.indisunique AS "unique", x.indisprimary AS "primary", x.indisvalid AS valid,
       ARRAY(SELECT a.attname::text FROM unnest(x.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
               LEFT JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum AND k.attnum > 0
              WHERE k.place <= x.indnkeyatts ORDER BY k.place) AS columns,
       pg_get_expr(x.indpred, x.indrelid) AS condition
  FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
 WHERE n.nspname = $1`

// conenforced came with PostgreSQL 18; row_to_json reads it where it is.
const referencesSql = `
SELECT t.relname AS "table", c.conname AS name, r.relname AS "referencedTable", c.convalidated AS validated,
       ARRAY(SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY AS k(attnum, place)
               JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum ORDER BY k.place) AS columns,
       coalesce((to_jsonb(c) ->> 'conenforced')::boolean, true)
         AND NOT EXISTS (SELECT 1 FROM pg_trigger g WHERE g.tgconstraint = c.oid AND g.tgenabled = 'D') AS enforced
  FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class r ON r.oid = c.confrelid JOIN pg_namespace n ON n.oid = t.relnamespace
 WHERE c.contype = 'f' AND n.nspname = $1`

/** Reads the structure in the client's transaction. */
export async function readTargetStructure(client: pg.Client, schema: string): Promise<TargetStructure> {
  const indexes = await client.query(indexesSql, [schema])
  const references = await client.query(referencesSql, [schema])
  return { indexes: z.array(indexSchema).parse(indexes.rows), references: z.array(referenceSchema).parse(references.rows) }
}
