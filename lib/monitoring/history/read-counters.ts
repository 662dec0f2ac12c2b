import { stat } from 'node:fs/promises'
import { z } from 'zod'
import type { ActiveSource } from '@/lib/control/active-source'
import { withPostgres } from '@/lib/postgres/connect'
import { schemaOf, targetLabel } from '@/lib/postgres/target-url'
import { openSqlite } from '@/lib/sqlite/open-database'
import { isSomebodyWriting, readWriteCount } from '@/lib/sqlite/write-count'
import type { Reading } from './counters'

const timeoutMs = 5_000

/**
 * One reading of the active database: a few small queries. Whether an SQLite file is locked is tried only while the app
 * writes to it (`isWritable`): beside a migration nothing of ours takes its write lock, not even for a moment.
 *
 * @throws AppError SOURCE_*, TARGET_* when it cannot be reached
 */
export function readCounters(source: ActiveSource, isWritable: boolean): Promise<Reading> {
  return source.engine === 'sqlite' ? readSqlite(source.path, isWritable) : readPostgres(source.url)
}

const number = z.number().nullable()
const postgresRow = z.object({
  transactions: number,
  writes: number,
  hits: number,
  reads: number,
  walBytes: number,
  sizeBytes: number,
  tablesBytes: number,
  indexesBytes: number,
  rows: number,
  deadRows: number,
  connections: number,
  idleInTransaction: number,
  blocked: number,
})

// Sizes of tables and indexes from the catalogue: asking the files waits for whoever locked a table.
const postgresSql = `
WITH own AS (SELECT c.* FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1),
block AS (SELECT current_setting('block_size')::float8 AS bytes)
SELECT (d.xact_commit + d.xact_rollback)::float8 AS transactions, (d.tup_inserted + d.tup_updated + d.tup_deleted)::float8 AS writes,
  d.blks_hit::float8 AS hits, d.blks_read::float8 AS reads,
  CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 END AS "walBytes",
  pg_database_size(d.datid)::float8 AS "sizeBytes",
  (SELECT coalesce(sum(relpages), 0)::float8 FROM own WHERE relkind IN ('r', 'm', 't')) * block.bytes AS "tablesBytes",
  (SELECT coalesce(sum(relpages), 0)::float8 FROM own WHERE relkind = 'i') * block.bytes AS "indexesBytes",
  (SELECT sum(greatest(reltuples, 0))::float8 FROM own WHERE relkind = 'r') AS rows,
  (SELECT sum(n_dead_tup)::float8 FROM pg_stat_user_tables WHERE schemaname = $1) AS "deadRows",
  (SELECT count(*)::float8 FROM pg_stat_activity WHERE backend_type = 'client backend' AND datid = d.datid AND pid <> pg_backend_pid()) AS connections,
  (SELECT count(*)::float8 FROM pg_stat_activity WHERE datid = d.datid AND state LIKE 'idle in transaction%') AS "idleInTransaction",
  (SELECT count(*)::float8 FROM pg_stat_activity WHERE datid = d.datid AND wait_event_type = 'Lock') AS blocked
FROM pg_stat_database d, block WHERE d.datname = current_database()`

function readPostgres(url: string): Promise<Reading> {
  return withPostgres(url, { applicationName: 'bascule history' }, async (client) => {
    await client.query(`SET default_transaction_read_only = on; SET statement_timeout = ${timeoutMs}`)
    const row = postgresRow.parse((await client.query(postgresSql, [schemaOf(url)])).rows[0])
    const { transactions, writes, hits, reads, walBytes, ...gauges } = row
    return {
      engine: 'postgresql',
      database: targetLabel(url),
      atMs: Date.now(),
      counters: { transactions, writes, hits, reads, walBytes },
      gauges: { ...gauges, walBytes: null, freeBytes: null, busyShare: null },
    }
  })
}

async function readSqlite(path: string, isWritable: boolean): Promise<Reading> {
  const db = openSqlite(path, { readonly: true, busyTimeoutMs: 500 })
  try {
    const pragma = (name: string) => z.number().parse(db.pragma(name, { simple: true }))
    const pageSize = pragma('page_size')
    const gauges = {
      sizeBytes: pragma('page_count') * pageSize,
      freeBytes: pragma('freelist_count') * pageSize,
      walBytes: (await stat(`${path}-wal`).catch(() => null))?.size ?? 0,
      busyShare: isWritable ? await isSomebodyWriting(path) : null,
    }
    const writes = await readWriteCount(path)
    return {
      engine: 'sqlite',
      database: path,
      atMs: Date.now(),
      counters: { transactions: null, writes, hits: null, reads: null, walBytes: null },
      gauges: {
        ...gauges,
        tablesBytes: null,
        indexesBytes: null,
        rows: null,
        connections: null,
        idleInTransaction: null,
        blocked: null,
        deadRows: null,
      },
    }
  } finally {
    db.close()
  }
}
