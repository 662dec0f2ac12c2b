import type pg from 'pg'
import { z } from 'zod'
import type { Replication, ServerFigures } from '@/lib/monitoring/health-report'

const serverRow = z.object({
  sizeBytes: z.number(),
  startedAt: z.string(),
  statisticsSince: z.string().nullable(),
  hits: z.number(),
  reads: z.number(),
  deadlocks: z.number(),
  temporaryBytes: z.number(),
  transactionAge: z.number(),
  multixactAge: z.number(),
  isStandby: z.boolean(),
  role: z.string(),
  seesAll: z.boolean(),
})

const iso = (expression: string) => `to_char(${expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

const serverSql = `
SELECT pg_database_size(d.oid)::float8 AS "sizeBytes", ${iso('pg_postmaster_start_time()')} AS "startedAt", ${iso('s.stats_reset')} AS "statisticsSince",
  s.blks_hit::float8 AS hits, s.blks_read::float8 AS reads, s.deadlocks::float8 AS deadlocks, s.temp_bytes::float8 AS "temporaryBytes",
  age(d.datfrozenxid) AS "transactionAge", mxid_age(d.datminmxid) AS "multixactAge", pg_is_in_recovery() AS "isStandby",
  current_user::text AS role,
  pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS "seesAll"
FROM pg_database d JOIN pg_stat_database s ON s.datid = d.oid WHERE d.datname = current_database()`

/** The database as a whole: size, reads from memory, age of its oldest transaction, and what our role may see. */
export async function readServer(client: pg.Client): Promise<ServerFigures> {
  const { hits, reads, ...figures } = serverRow.parse((await client.query(serverSql)).rows[0])
  return { ...figures, hitShare: hits + reads === 0 ? null : hits / (hits + reads), blocksRead: hits + reads }
}

const replicasSql = `
SELECT coalesce(nullif(application_name, ''), host(client_addr), pid::text) AS name, state,
  CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::float8 END AS "lagBytes",
  extract(epoch FROM replay_lag)::float8 * 1000 AS "lagMs"
FROM pg_stat_replication ORDER BY 1`

const slotsSql = `
SELECT slot_name::text AS name, active AS "isActive", wal_status AS "walStatus",
  CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::float8 END AS "heldBytes"
FROM pg_replication_slots ORDER BY 1`

const positive = z
  .number()
  .nullable()
  .transform((figure) => (figure === null ? null : Math.max(0, figure)))
const replicaRows = z.array(z.object({ name: z.string(), state: z.string().nullable(), lagBytes: positive, lagMs: positive }))
const slotRows = z.array(z.object({ name: z.string(), isActive: z.boolean(), walStatus: z.string().nullable(), heldBytes: positive }))

/** Replicas that are connected, and slots, which keep log for those that are not. */
export async function readReplication(client: pg.Client): Promise<Replication> {
  const replicas = replicaRows.parse((await client.query(replicasSql)).rows)
  return { replicas, slots: slotRows.parse((await client.query(slotsSql)).rows) }
}

/** Settings that decide how well the server runs, or whether data is safe. */
export const watchedSettings = [
  'autovacuum',
  'fsync',
  'full_page_writes',
  'track_counts',
  'synchronous_commit',
  'shared_buffers',
  'effective_cache_size',
  'work_mem',
  'maintenance_work_mem',
  'max_connections',
  'max_wal_size',
  'checkpoint_timeout',
  'random_page_cost',
  'idle_in_transaction_session_timeout',
  'statement_timeout',
  'log_min_duration_statement',
  'track_io_timing',
  'jit',
] as const

const settingRows = z.array(
  z.object({ name: z.string(), setting: z.string(), unit: z.string().nullable(), source: z.string(), canSet: z.boolean() }),
)

/** As the server has them, not as this session set them for itself. */
export async function readSettings(client: pg.Client) {
  const { rows } = await client.query(
    `SELECT name, CASE WHEN source = 'session' THEN reset_val ELSE setting END AS setting, unit, source,
       source <> 'command line' AND context IN ('sighup', 'superuser', 'user') AND (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS "canSet"
     FROM pg_settings WHERE name = ANY ($1) ORDER BY array_position($1, name)`,
    [[...watchedSettings]],
  )
  return settingRows.parse(rows)
}
