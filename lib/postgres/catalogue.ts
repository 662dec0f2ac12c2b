import type pg from 'pg'
import { z } from 'zod'
import type { PostgresCatalogue, PostgresColumn, PostgresConstraint, PostgresIndex, PostgresTable } from '@/lib/core/catalogue'

/** Anything that runs a query: a client, in or out of a transaction. */
export type Queryable = Pick<pg.Client, 'query'>

const columnRow = z.object({
  table: z.string(),
  name: z.string(),
  type: z.string(),
  typeName: z.string(),
  typeSchema: z.string(),
  labels: z.array(z.string()).nullable(),
  typmod: z.number(),
  nullable: z.boolean(),
  defaultSql: z.string().nullable(),
  generated: z.boolean(),
  identity: z.enum(['a', 'd', '']),
  sequenceSchema: z.string().nullable(),
  sequenceName: z.string().nullable(),
})
const constraintRow = z.object({
  table: z.string(),
  name: z.string(),
  kind: z.enum(['p', 'u', 'f', 'c', 'x']),
  definition: z.string(),
  columns: z.array(z.string()).nullable(),
  referencedTable: z.string().nullable(),
})
const indexRow = z.object({
  table: z.string(),
  name: z.string(),
  definition: z.string(),
  unique: z.boolean(),
  columns: z.array(z.string().nullable()),
  partial: z.boolean(),
  constraint: z.string().nullable(),
})
const enumRow = z.object({ name: z.string(), labels: z.array(z.string()) })

// Array subqueries of type name[] have no parser in pg: text[] has.
const columnsSql = `
SELECT c.relname AS "table", a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, bt.typname AS "typeName",
  n.nspname AS "typeSchema",
  CASE WHEN bt.typtype = 'e' THEN ARRAY(SELECT e.enumlabel::text FROM pg_enum e WHERE e.enumtypid = bt.oid ORDER BY e.enumsortorder) END AS labels,
  CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END AS typmod,
  NOT (a.attnotnull OR t.typnotnull) AS nullable,
  CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END AS "defaultSql",
  a.attgenerated <> '' AS generated, a.attidentity::text AS identity,
  sn.nspname AS "sequenceSchema", s.relname AS "sequenceName"
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_type t ON t.oid = a.atttypid
JOIN pg_type bt ON bt.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
JOIN pg_namespace n ON n.oid = bt.typnamespace
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_depend p ON p.refobjid = a.attrelid AND p.refobjsubid = a.attnum AND p.refclassid = 'pg_class'::regclass
  AND p.classid = 'pg_class'::regclass AND p.deptype IN ('a', 'i') AND EXISTS (SELECT 1 FROM pg_class q WHERE q.oid = p.objid AND q.relkind = 'S')
LEFT JOIN pg_class s ON s.oid = p.objid
LEFT JOIN pg_namespace sn ON sn.oid = s.relnamespace
WHERE c.relnamespace = $1::oid AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY c.relname, a.attnum`

// Foreign keys with conparentid belong to partitions; NOT NULL constraints (kind n, from PostgreSQL 18) are told by the columns.
const constraintsSql = `
SELECT c.relname AS "table", k.conname AS name, k.contype::text AS kind, pg_get_constraintdef(k.oid) AS definition,
  ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY u(n, o) JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.n ORDER BY u.o) AS columns,
  r.relname AS "referencedTable"
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid
LEFT JOIN pg_class r ON r.oid = k.confrelid
WHERE c.relnamespace = $1::oid AND c.relkind IN ('r', 'p') AND k.contype IN ('p', 'u', 'f', 'c', 'x') AND k.conparentid = 0
ORDER BY c.relname, k.conname`

const indexesSql = `
SELECT c.relname AS "table", i.relname AS name, pg_get_indexdef(x.indexrelid) AS definition, x.indisunique AS "unique",
  ARRAY(SELECT a.attname::text FROM unnest(x.indkey::int2[]) WITH ORDINALITY u(n, o) LEFT JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = u.n AND u.n > 0
    WHERE u.o <= x.indnkeyatts ORDER BY u.o) AS columns,
  x.indpred IS NOT NULL AS partial, k.conname AS "constraint"
FROM pg_index x
JOIN pg_class i ON i.oid = x.indexrelid
JOIN pg_class c ON c.oid = x.indrelid
LEFT JOIN pg_constraint k ON k.conindid = x.indexrelid AND k.contype IN ('p', 'u', 'x')
WHERE c.relnamespace = $1::oid AND c.relkind IN ('r', 'p') AND NOT c.relispartition
ORDER BY c.relname, i.relname`

const enumsSql = `
SELECT t.typname AS name, ARRAY(SELECT e.enumlabel::text FROM pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder) AS labels
FROM pg_type t WHERE t.typnamespace = $1::oid AND t.typtype = 'e' ORDER BY t.typname`

/** Everything in one schema that a copy has to know. A schema that does not exist is an empty one. */
export async function readPostgresCatalogue(client: Queryable, schema: string): Promise<PostgresCatalogue> {
  const found = await client.query<{ oid: string | null }>('SELECT (SELECT oid::text FROM pg_namespace WHERE nspname = $1) AS oid', [
    schema,
  ])
  const oid = found.rows[0]?.oid
  if (!oid) return { schema, tables: [], enums: [] }
  const columns = z.array(columnRow).parse((await client.query(columnsSql, [oid])).rows)
  const constraints = z.array(constraintRow).parse((await client.query(constraintsSql, [oid])).rows)
  const indexes = z.array(indexRow).parse((await client.query(indexesSql, [oid])).rows)
  const enums = z.array(enumRow).parse((await client.query(enumsSql, [oid])).rows)
  const names = (await client.query<{ name: string }>(tablesSql, [oid])).rows.map((row) => row.name)
  const columnsOf = groupBy(columns)
  const constraintsOf = groupBy(constraints)
  const indexesOf = groupBy(indexes)
  const tables = names.map((name): PostgresTable => {
    const own = (constraintsOf.get(name) ?? []).map(toConstraint)
    return {
      name,
      schema,
      columns: (columnsOf.get(name) ?? []).map(toColumn),
      primaryKey: own.find((constraint) => constraint.kind === 'primary')?.columns ?? [],
      constraints: own,
      indexes: (indexesOf.get(name) ?? []).map(({ table: _, ...index }): PostgresIndex => index),
    }
  })
  return { schema, tables, enums }
}

const tablesSql = `
SELECT c.relname AS name FROM pg_class c
WHERE c.relnamespace = $1::oid AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname COLLATE "C"`

function groupBy<T extends { readonly table: string }>(rows: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>()
  for (const row of rows) {
    const group = groups.get(row.table)
    if (group) group.push(row)
    else groups.set(row.table, [row])
  }
  return groups
}

const kinds = { p: 'primary', u: 'unique', f: 'foreign', c: 'check', x: 'exclusion' } as const

function toConstraint(row: z.infer<typeof constraintRow>): PostgresConstraint {
  return {
    name: row.name,
    kind: kinds[row.kind],
    definition: row.definition,
    columns: row.columns ?? [],
    referencedTable: row.referencedTable,
  }
}

function toColumn(row: z.infer<typeof columnRow>): PostgresColumn {
  const { typmod, typeName } = row
  const isCharacter = typeName === 'varchar' || typeName === 'bpchar'
  const isNumeric = typeName === 'numeric' && typmod >= 0
  const isTemporal = /^(time|timetz|timestamp|timestamptz)$/.test(typeName)
  return {
    name: row.name,
    type: row.type,
    typeName,
    typeSchema: row.typeSchema,
    enumLabels: row.labels,
    // How pg_attribute.atttypmod packs lengths: 4 bytes of header are part of it.
    maxLength: isCharacter && typmod >= 0 ? typmod - 4 : null,
    precision: isNumeric ? ((typmod - 4) >> 16) & 0xffff : null,
    scale: isNumeric ? (((typmod - 4) & 0x7ff) ^ 1024) - 1024 : null,
    fractionDigits: isTemporal ? (typmod >= 0 ? typmod : 6) : null,
    nullable: row.nullable,
    defaultSql: row.defaultSql,
    generated: row.generated,
    identity: row.identity === 'a' ? 'always' : row.identity === 'd' ? 'by default' : null,
    sequence: row.sequenceSchema !== null && row.sequenceName !== null ? { schema: row.sequenceSchema, name: row.sequenceName } : null,
  }
}
