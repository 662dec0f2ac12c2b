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
  /** What each of them is, as PostgreSQL words it: a column's name, or an expression. */
  keys: z.array(z.string()),
  /** Which of them run from large to small. */
  descending: z.array(z.boolean()),
  /** The condition of a partial index. */
  condition: z.string().nullable(),
  /** btree, hash, gin … */
  method: z.string(),
  /** Whether uniqueness is asked for at each statement; a deferrable constraint cannot serve an upsert. */
  immediate: z.boolean(),
  /** Whether two NULLs count as the same. */
  nullsEqual: z.boolean(),
})
/** A column whose collation calls different texts equal. */
const looseColumnSchema = z.object({ table: z.string(), column: z.string(), collation: z.string() })
const referenceSchema = z.object({
  table: z.string(),
  name: z.string(),
  columns: z.array(z.string()),
  referencedTable: z.string(),
  referencedColumns: z.array(z.string()),
  onUpdate: z.enum(['NO ACTION', 'RESTRICT', 'SET NULL', 'SET DEFAULT', 'CASCADE']),
  onDelete: z.enum(['NO ACTION', 'RESTRICT', 'SET NULL', 'SET DEFAULT', 'CASCADE']),
  deferred: z.boolean(),
  validated: z.boolean(),
  /** False when one of its triggers is switched off: rows go in unchecked. */
  enforced: z.boolean(),
})
export type TargetIndex = z.infer<typeof indexSchema>
export type TargetReference = z.infer<typeof referenceSchema>
export type LooseColumn = z.infer<typeof looseColumnSchema>

export interface TargetStructure {
  readonly indexes: readonly TargetIndex[]
  readonly references: readonly TargetReference[]
  readonly looseColumns: readonly LooseColumn[]
}

// indnullsnotdistinct came with PostgreSQL 15; to_jsonb reads it where it is. The first bit of an option is "descending".
const indexesSql = `
SELECT t.relname AS "table", i.relname AS name, x.indisunique AS "unique", x.indisprimary AS "primary", x.indisvalid AS valid,
       ARRAY(SELECT a.attname::text FROM unnest(x.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
               LEFT JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum AND k.attnum > 0
              WHERE k.place <= x.indnkeyatts ORDER BY k.place) AS columns,
       ARRAY(SELECT pg_get_indexdef(x.indexrelid, k.place, false) FROM generate_series(1, x.indnkeyatts) AS k(place) ORDER BY k.place) AS keys,
       ARRAY(SELECT o.option & 1 = 1 FROM unnest(x.indoption::int2[]) WITH ORDINALITY AS o(option, place) ORDER BY o.place) AS descending,
       pg_get_expr(x.indpred, x.indrelid) AS condition, m.amname AS method, x.indimmediate AS immediate,
       coalesce((to_jsonb(x) ->> 'indnullsnotdistinct')::boolean, false) AS "nullsEqual"
  FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_am m ON m.oid = i.relam JOIN pg_class t ON t.oid = x.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
 WHERE n.nspname = $1`

// conenforced came with PostgreSQL 18; row_to_json reads it where it is.
const referencesSql = `
SELECT t.relname AS "table", c.conname AS name, r.relname AS "referencedTable", c.convalidated AS validated,
       ARRAY(SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY AS k(attnum, place)
               JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum ORDER BY k.place) AS columns,
       ARRAY(SELECT a.attname::text FROM unnest(c.confkey) WITH ORDINALITY AS k(attnum, place)
               JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.attnum ORDER BY k.place) AS "referencedColumns",
       ${actionSql('c.confupdtype')} AS "onUpdate", ${actionSql('c.confdeltype')} AS "onDelete", c.condeferrable AND c.condeferred AS deferred,
       coalesce((to_jsonb(c) ->> 'conenforced')::boolean, true)
         AND NOT EXISTS (SELECT 1 FROM pg_trigger g WHERE g.tgconstraint = c.oid AND g.tgenabled = 'D') AS enforced
  FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class r ON r.oid = c.confrelid JOIN pg_namespace n ON n.oid = t.relnamespace
 WHERE c.contype = 'f' AND c.conparentid = 0 AND n.nspname = $1`

const looseColumnsSql = `
SELECT t.relname AS "table", a.attname AS "column", l.collname AS collation
  FROM pg_attribute a JOIN pg_class t ON t.oid = a.attrelid JOIN pg_namespace n ON n.oid = t.relnamespace JOIN pg_collation l ON l.oid = a.attcollation
 WHERE n.nspname = $1 AND t.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND NOT l.collisdeterministic`

function actionSql(column: string): string {
  return `CASE ${column} WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' ELSE 'NO ACTION' END`
}

/** Reads the structure in the client's transaction. */
export async function readTargetStructure(client: pg.Client, schema: string): Promise<TargetStructure> {
  const indexes = await client.query(indexesSql, [schema])
  const references = await client.query(referencesSql, [schema])
  const looseColumns = await client.query(looseColumnsSql, [schema])
  return {
    indexes: z.array(indexSchema).parse(indexes.rows),
    references: z.array(referenceSchema).parse(references.rows),
    looseColumns: z.array(looseColumnSchema).parse(looseColumns.rows),
  }
}
