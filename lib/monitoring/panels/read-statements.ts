import type pg from 'pg'
import { z } from 'zod'
import { qualifiedName } from '@/lib/core/quoted-name'
import type { Statements } from '@/lib/monitoring/health-report'
import { sqlStateOf } from '@/lib/postgres/connect'
import { maskStatement } from './mask-statement'

const shownStatements = 50

const extensionRow = z.object({
  schema: z.string().nullable(),
  available: z.boolean(),
  /** Null where the setting may not be read. */
  preload: z.string().nullable(),
  canCreate: z.boolean(),
})

// shared_preload_libraries is hidden from roles without pg_read_all_settings: then it is not in pg_settings.
const extensionSql = `
SELECT (SELECT n.nspname::text FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements') AS schema,
  EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'pg_stat_statements') AS available,
  (SELECT setting FROM pg_settings WHERE name = 'shared_preload_libraries') AS preload,
  (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS "canCreate"`

const statementRows = z.array(
  z.object({
    id: z.string().nullable(),
    statement: z.string().nullable(),
    calls: z.number(),
    totalMs: z.number(),
    meanMs: z.number(),
    maxMs: z.number(),
    rows: z.number(),
    hitShare: z.number().nullable(),
  }),
)

function statementsSql(view: string): string {
  return `
SELECT s.queryid::text AS id, s.query AS statement, s.calls::float8 AS calls, s.total_exec_time AS "totalMs", s.mean_exec_time AS "meanMs", s.max_exec_time AS "maxMs",
  s.rows::float8 AS rows, CASE WHEN s.shared_blks_hit + s.shared_blks_read > 0 THEN s.shared_blks_hit::float8 / (s.shared_blks_hit + s.shared_blks_read) END AS "hitShare"
FROM ${view} s WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND s.query !~* '^\\s*(vacuum|analyze|reindex|copy|create|alter|drop|set|begin|commit|rollback)\\M'
ORDER BY s.total_exec_time DESC LIMIT ${shownStatements}`
}

/**
 * The statements that took most time, when pg_stat_statements is there; otherwise what stands in the way, told apart:
 * the server lacks it, it is not loaded, it was not created, or this role may not read it.
 */
export async function readStatements(client: pg.Client): Promise<Statements> {
  const found = extensionRow.parse((await client.query(extensionSql)).rows[0])
  const none = { canCreate: found.canCreate, since: null, isLimited: false, statements: [] }
  const isLoaded = found.preload === null ? null : found.preload.split(',').some((name) => name.trim() === 'pg_stat_statements')
  if (found.schema === null) {
    if (!found.available) return { state: 'not-available', ...none }
    if (isLoaded === null) return { state: 'no-right', ...none }
    return { state: isLoaded ? 'not-created' : 'not-loaded', ...none }
  }
  try {
    const view = qualifiedName(found.schema, 'pg_stat_statements')
    const rows = statementRows.parse((await client.query(statementsSql(view))).rows)
    const hidden = rows.some(({ statement }) => statement === '<insufficient privilege>')
    const shown = rows.filter(({ statement }) => statement !== null && statement !== '<insufficient privilege>')
    return {
      state: hidden && shown.length === 0 ? 'no-right' : 'ready',
      canCreate: found.canCreate,
      since: await readSince(client, found.schema),
      isLimited: hidden,
      statements: shown.map((row, place) => ({ ...row, id: row.id ?? `hidden ${place}`, statement: maskStatement(row.statement ?? '') })),
    }
  } catch (error) {
    const state = sqlStateOf(error)
    // 55000: "pg_stat_statements must be loaded via shared_preload_libraries".
    if (state === '55000') return { state: 'not-loaded', ...none }
    if (state === '42501') return { state: 'no-right', ...none }
    throw error
  }
}

/** From version 1.9 (PostgreSQL 14) it says since when it counts. */
async function readSince(client: pg.Client, schema: string): Promise<string | null> {
  try {
    const { rows } = await client.query(`SELECT stats_reset AS since FROM ${qualifiedName(schema, 'pg_stat_statements_info')}`)
    return z
      .tuple([z.object({ since: z.date() })])
      .parse(rows)[0]
      .since.toISOString()
  } catch {
    return null
  }
}
