import type pg from 'pg'
import { z } from 'zod'
import { isOwnTable } from '@/lib/core/reserved-names'
import type { ExpectedIndex, IndexFigures } from '@/lib/monitoring/health-report'
import { describeStructure, readStructureRecord } from '@/lib/postgres/structure-record'
import { NotKnown, orWhenLocked } from './read-panel'

const indexRows = z.array(
  z.object({
    table: z.string(),
    schema: z.string(),
    index: z.string(),
    definition: z.string(),
    sizeBytes: z.number().nullable(),
    scans: z.number().nullable(),
    isUnique: z.boolean(),
    isValid: z.boolean(),
    constraint: z.string().nullable(),
    isNeeded: z.boolean(),
    likeness: z.string(),
    family: z.string(),
    keys: z.array(z.string()),
    isPlain: z.boolean(),
  }),
)

interface IndexExpressions {
  readonly definition: string
  readonly size: string
  readonly expressions: string
  readonly condition: string
}

const exactly: IndexExpressions = {
  definition: 'pg_get_indexdef(i.oid)',
  size: 'pg_relation_size(i.oid)::float8',
  expressions: 'CASE WHEN x.indexprs IS NOT NULL THEN pg_get_expr(x.indexprs, x.indrelid) END',
  condition: 'CASE WHEN x.indpred IS NOT NULL THEN pg_get_expr(x.indpred, x.indrelid) END',
}

// pg_get_indexdef and pg_get_expr wait for whoever has locked the table; the catalogue's own rows do not.
const withoutLocks: IndexExpressions = {
  definition: `(SELECT a.amname FROM pg_am a WHERE a.oid = i.relam) || ' (' || (SELECT string_agg(a.attname, ', ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = i.oid AND a.attnum > 0) || ')'`,
  size: `i.relpages::float8 * current_setting('block_size')::float8`,
  expressions: 'x.indexprs::text',
  condition: 'x.indpred::text',
}

// A cancelled REINDEX CONCURRENTLY leaves invalid indexes of a table's TOAST behind too: those alone are shown of it.
// Two indexes are alike when method, columns, operator classes, collations, order, expressions and condition are.
const indexesSql = ({ definition, size, expressions, condition }: IndexExpressions) => `
SELECT coalesce(m.relname, c.relname) AS "table", ns.nspname AS schema, i.relname AS "index", ${definition} AS definition, ${size} AS "sizeBytes", s.idx_scan::float8 AS scans,
  x.indisunique AS "isUnique", x.indisvalid AND x.indisready AS "isValid", k.conname::text AS "constraint",
  x.indisreplident OR x.indisclustered OR EXISTS (SELECT 1 FROM pg_constraint f WHERE f.conindid = i.oid AND f.contype = 'f') AS "isNeeded",
  concat_ws('|', c.oid, i.relam, x.indkey, x.indclass, x.indcollation, x.indoption, x.indnkeyatts, ${expressions}, ${condition}) AS likeness,
  concat_ws('|', c.oid, i.relam, ${condition}) AS family,
  x.indexprs IS NULL AND x.indnatts = x.indnkeyatts AND i.relam = (SELECT a.oid FROM pg_am a WHERE a.amname = 'btree') AS "isPlain",
  ARRAY(SELECT concat_ws(':', u.attnum, x.indclass[u.place - 1], x.indcollation[u.place - 1], x.indoption[u.place - 1])
    FROM unnest(x.indkey::int2[]) WITH ORDINALITY u(attnum, place) WHERE u.place <= x.indnkeyatts ORDER BY u.place) AS keys
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
LEFT JOIN pg_class m ON c.relkind = 't' AND m.reltoastrelid = c.oid
JOIN pg_namespace n ON n.oid = coalesce(m.relnamespace, c.relnamespace) JOIN pg_namespace ns ON ns.oid = i.relnamespace
LEFT JOIN pg_constraint k ON k.conindid = i.oid AND k.contype IN ('p', 'u', 'x')
LEFT JOIN pg_stat_all_indexes s ON s.indexrelid = i.oid
WHERE n.nspname = $1 AND (c.relkind IN ('r', 'm') OR (m.oid IS NOT NULL AND NOT x.indisvalid)) ORDER BY 5 DESC NULLS LAST, 1, 3`

/** Every index of the schema, the largest first. `modelIndexes`: names that are on record. */
export async function readIndexes(client: pg.Client, schema: string, modelIndexes: ReadonlySet<string>): Promise<IndexFigures[]> {
  const read = async (how: IndexExpressions) => indexRows.parse((await client.query(indexesSql(how), [schema])).rows)
  const rows = await orWhenLocked(
    () => read(exactly),
    () => read(withoutLocks),
  )
  return rows.filter(({ table }) => !isOwnTable(table)).map((index) => ({ ...index, inModel: modelIndexes.has(index.index) }))
}

const foreignKeyRows = z.array(
  z.object({
    table: z.string(),
    constraint: z.string(),
    columns: z.array(z.string()),
    references: z.string(),
    rows: z.number().nullable(),
  }),
)

// int2vector counts from 0. The key's columns may stand in any order at the head of the index.
const foreignKeysSql = `
SELECT c.relname AS "table", k.conname AS "constraint", r.relname AS "references", CASE WHEN c.reltuples >= 0 THEN c.reltuples::float8 END AS rows,
  ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY u(n, o) JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.n ORDER BY u.o) AS columns
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class r ON r.oid = k.confrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND k.contype = 'f' AND k.conparentid = 0 AND NOT EXISTS (
  SELECT 1 FROM pg_index x WHERE x.indrelid = k.conrelid AND x.indisvalid AND x.indpred IS NULL
    AND (x.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey)
ORDER BY c.reltuples DESC, 1, 2`

/** Foreign keys that no index serves: each delete in the other table reads this one whole. */
export async function readIndexGaps(client: pg.Client, schema: string) {
  const rows = foreignKeyRows.parse((await client.query(foreignKeysSql, [schema])).rows)
  return { foreignKeys: rows.filter(({ table }) => !isOwnTable(table)) }
}

/**
 * Holds the indexes against those that the copy made, which are on record beside its mark.
 *
 * @throws NotKnown no-record for a database that was not migrated by us, or has had schema migrations since
 */
export async function readExpectedIndexes(client: pg.Client, schema: string) {
  const record = await readStructureRecord(client)
  if (record === null) throw new NotKnown('no-record', 'This database has no structure on record.')
  const now = await describeStructure(client, schema)
  const history = (items: typeof now) => items.filter(({ kind }) => kind === 'schema-migration').map(({ name }) => name)
  const known = new Set(history(record))
  if (history(now).some((name) => !known.has(name)))
    throw new NotKnown('no-record', 'Schema migrations were applied since the structure was put on record.')
  // Under whichever name: what counts is what an index does.
  const nameless = (definition: string) =>
    definition.replace(/ -- not valid$/, '').replace(/ INDEX (?:"(?:[^"]|"")*"|\S+) ON /, ' INDEX ON ')
  const present = new Set(now.filter(({ kind }) => kind === 'index').map(({ table, definition }) => `${table} ${nameless(definition)}`))
  const constraints = new Set(now.filter(({ kind }) => kind === 'constraint').map(({ table, definition }) => `${table} ${definition}`))
  const isTable = new Set(now.filter(({ kind, name }) => kind === 'table' && name === '').map(({ table }) => table))
  const missing = record.flatMap(({ kind, table, name: index, definition }): ExpectedIndex[] => {
    if (!isTable.has(table)) return []
    if (kind === 'index' && !definition.endsWith('-- not valid') && !present.has(`${table} ${nameless(definition)}`))
      return [{ table, index, definition, kind }]
    if (kind === 'constraint' && /^(PRIMARY KEY|UNIQUE)/.test(definition) && !constraints.has(`${table} ${definition}`))
      return [{ table, index, definition, kind }]
    return []
  })
  return { missing, names: record.filter(({ kind }) => kind === 'index').map(({ name }) => name) }
}
