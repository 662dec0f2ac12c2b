import type pg from 'pg'
import { z } from 'zod'
import { isOwnTable } from '@/lib/core/reserved-names'
import type { TableFigures } from '@/lib/monitoring/health-report'
import { orWhenLocked } from './read-panel'

const number = z.number().nullable()
const tableRows = z.array(
  z.object({
    table: z.string(),
    sizeBytes: number,
    indexesBytes: number,
    rows: number,
    deadRows: number,
    changedRows: number,
    lastVacuumAt: z.string().nullable(),
    lastAnalyzeAt: z.string().nullable(),
    wholeReads: number,
    indexReads: number,
    bloatBytes: number,
    transactionAge: number,
  }),
)

const iso = (expression: string) => `to_char(${expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

/**
 * Estimated waste: pages that the table has, less those that its rows would need at their mean width (pg_stats), packed to
 * the fill factor. 24 bytes of header a row, widths rounded up to 8, 4 bytes of line pointer, 24 bytes of header a page.
 * An estimate within some ten per cent (docs/current/storage-page-layout); null before the first ANALYZE.
 */
// One pass over pg_stats for all tables: asked table by table, its view is worked out anew each time (a thousand tables: four fifths of the panel).
const bloatSql = `
LEFT JOIN (
  SELECT t.tablename, sum((1 - t.null_frac) * t.avg_width)::float8 AS width FROM pg_stats t WHERE t.schemaname = $1 AND NOT t.inherited GROUP BY t.tablename
) w ON w.tablename = c.relname AND c.relkind = 'r' AND c.reltuples > 0`

const bloatBytes = `
CASE WHEN w.width IS NULL THEN NULL ELSE greatest(0, c.relpages - ceil(c.reltuples * (ceil((24 + w.width) / 8) * 8 + 4)
  / ((current_setting('block_size')::float8 - 24) * coalesce((SELECT option_value::float8 FROM pg_options_to_table(c.reloptions) WHERE option_name = 'fillfactor'), 100) / 100)))
  * current_setting('block_size')::float8 END`

function tablesSql(size: 'exact' | 'pages'): string {
  // Without locks: what the catalogue says of the pages, as of the last VACUUM or ANALYZE.
  const pages = `c.relpages::float8 * current_setting('block_size')::float8`
  const indexPages = `(SELECT sum(i.relpages)::float8 FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = c.oid) * current_setting('block_size')::float8`
  const sizes =
    size === 'exact'
      ? `pg_table_size(c.oid)::float8 AS "sizeBytes", pg_indexes_size(c.oid)::float8 AS "indexesBytes"`
      : `${pages} AS "sizeBytes", coalesce(${indexPages}, 0) AS "indexesBytes"`
  return `
SELECT c.relname AS "table", ${sizes},
  CASE WHEN c.reltuples >= 0 THEN c.reltuples::float8 WHEN s.n_live_tup > 0 THEN s.n_live_tup::float8 END AS rows,
  s.n_dead_tup::float8 AS "deadRows", s.n_mod_since_analyze::float8 AS "changedRows",
  ${iso('greatest(s.last_vacuum, s.last_autovacuum)')} AS "lastVacuumAt", ${iso('greatest(s.last_analyze, s.last_autoanalyze)')} AS "lastAnalyzeAt",
  s.seq_scan::float8 AS "wholeReads", s.idx_scan::float8 AS "indexReads", ${bloatBytes} AS "bloatBytes",
  CASE WHEN c.relkind = 'r' AND c.relfrozenxid::text <> '0' THEN age(c.relfrozenxid)::float8 END AS "transactionAge"
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid ${bloatSql}
WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'm') ORDER BY 2 DESC NULLS LAST, 1`
}

/** Every table of the schema, the largest first. Sizes of the catalogue where somebody has locked a table. */
export async function readTables(client: pg.Client, schema: string): Promise<TableFigures[]> {
  const read = async (size: 'exact' | 'pages') => tableRows.parse((await client.query(tablesSql(size), [schema])).rows)
  const rows = await orWhenLocked(
    () => read('exact'),
    () => read('pages'),
  )
  return rows.filter(({ table }) => !isOwnTable(table))
}
