import { qualifiedName } from '@/lib/core/quoted-name'
import type { HealthCheck, HealthItem, PostgresPanels, Sequence } from '@/lib/monitoring/health-report'
import type { Thresholds } from '@/lib/monitoring/thresholds'
import { found, item, judged, listed, maintain, passed } from './check'

/** The database as a whole: age, memory, settings, sequences, statements, replicas. */
export function judgeServer(panels: PostgresPanels, schema: string, thresholds: Thresholds): readonly HealthCheck[] {
  const { server, sequences, statements, settings, replication } = panels
  return [
    judged('transaction-age', server, ({ transactionAge, multixactAge }) => {
      const age = Math.max(transactionAge, multixactAge)
      const params = { age, leftShare: Math.max(0, 1 - age / 2_147_483_647) }
      if (age < thresholds.transactionAgeWarning) return passed('transaction-age', params)
      const level = age >= thresholds.transactionAgeCritical ? 'critical' : 'warning'
      return found('transaction-age', level, params, { sql: 'VACUUM (FREEZE, ANALYZE);', action: maintain('freeze') })
    }),
    judged('sequence-near-end', sequences, (all) =>
      listed(
        'sequence-near-end',
        all
          .filter(({ usedShare, cycles }) => !cycles && (usedShare ?? 0) >= thresholds.sequenceWarning)
          .map((sequence) => ofSequence(sequence, schema, thresholds)),
      ),
    ),
    judged('cache-hits', server, ({ hitShare, blocksRead }) => {
      const params = { hitShare: hitShare ?? 1 }
      if (hitShare === null || blocksRead < thresholds.cacheBlocks || hitShare >= thresholds.cacheHitRatio)
        return passed('cache-hits', params)
      return found('cache-hits', 'warning', params, {
        sql: `ALTER SYSTEM SET shared_buffers = '…';  -- a quarter of the memory; then restart`,
      })
    }),
    judged('slow-statements', statements, ({ state, canCreate, statements: all }) => {
      const params = { state }
      if (state === 'not-created')
        return found('slow-statements', 'info', params, {
          sql: 'CREATE EXTENSION pg_stat_statements;',
          action: canCreate ? maintain('enable-statements') : null,
        })
      if (state === 'not-loaded')
        return found('slow-statements', 'info', params, {
          sql: `ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements';  -- restart PostgreSQL, then:\nCREATE EXTENSION IF NOT EXISTS pg_stat_statements;`,
        })
      if (state !== 'ready')
        return { ...passed('slow-statements', params), level: 'unknown', reason: state === 'no-right' ? 'no-right' : 'not-installed' }
      const slow = all.filter(({ meanMs }) => meanMs >= thresholds.slowMeanMs)
      return listed(
        'slow-statements',
        slow.map(({ statement, meanMs, calls }) => item(statement.slice(0, 300), 'info', { params: { meanMs, calls } })),
        params,
      )
    }),
    judged('autovacuum-off', settings, (all) => {
      const off = all.filter(({ name, setting }) => (name === 'autovacuum' || name === 'track_counts') && setting === 'off')
      return listed(
        'autovacuum-off',
        off.map(({ name, canSet }) =>
          item(name, 'critical', {
            sql: `ALTER SYSTEM SET ${name} = on; SELECT pg_reload_conf();`,
            action: canSet ? maintain('switch-on', [name]) : null,
          }),
        ),
      )
    }),
    judged('unsafe-setting', settings, (all) => {
      const unsafe = all.filter(
        ({ name, setting }) => ['fsync', 'full_page_writes', 'synchronous_commit'].includes(name) && setting === 'off',
      )
      return listed(
        'unsafe-setting',
        unsafe.map(({ name, canSet }) =>
          item(name, name === 'fsync' ? 'critical' : 'warning', {
            wording: name === 'synchronous_commit' ? 'late' : 'item',
            sql: `ALTER SYSTEM SET ${name} = on; SELECT pg_reload_conf();`,
            action: canSet ? maintain('switch-on', [name]) : null,
          }),
        ),
      )
    }),
    judged('small-memory', settings, (all) => {
      const buffers = all.find(({ name }) => name === 'shared_buffers')
      const buffersBytes = Number(buffers?.setting ?? 0) * (buffers?.unit === '8kB' ? 8192 : 1)
      const sizeBytes = server.status === 'known' ? server.data.sizeBytes : 0
      const isSmall = buffers?.source === 'default' || buffersBytes <= 128 * 1024 * 1024
      if (sizeBytes < thresholds.sharedBuffersForBytes || !isSmall) return passed('small-memory', { buffersBytes })
      const sql = `ALTER SYSTEM SET shared_buffers = '1GB';  -- a quarter of the machine's memory; then restart PostgreSQL`
      return found('small-memory', 'info', { buffersBytes, sizeBytes }, { sql })
    }),
    judged('replication', replication, ({ replicas, slots }) =>
      listed(
        'replication',
        [
          ...replicas
            .filter(({ lagBytes }) => (lagBytes ?? 0) >= thresholds.replicationLagBytes)
            .map(({ name, lagBytes }) => item(name, 'warning', { params: { lagBytes: lagBytes ?? 0 } })),
          ...slots
            .filter(
              ({ isActive, heldBytes, walStatus }) =>
                !isActive && ((heldBytes ?? 0) >= thresholds.replicationLagBytes || walStatus === 'lost'),
            )
            .map(({ name, heldBytes }) =>
              item(name, 'critical', {
                wording: 'slot',
                params: { heldBytes: heldBytes ?? 0 },
                sql: `SELECT pg_drop_replication_slot('${name.replaceAll("'", "''")}');  -- only when its replica will not come back`,
              }),
            ),
        ],
        { replicas: replicas.length, slots: slots.length },
      ),
    ),
  ]
}

function ofSequence(
  { sequence, table, column, limit, limitedBy, usedShare, columnType }: Sequence,
  schema: string,
  thresholds: Thresholds,
): HealthItem {
  const level = (usedShare ?? 0) >= thresholds.sequenceCritical ? 'critical' : 'warning'
  const params = { usedShare: usedShare ?? 0, limit, column: column === null ? '' : `${table}.${column}` }
  const name = qualifiedName(schema, sequence)
  // One that falls ends below.
  const end = limit.startsWith('-') ? 'MINVALUE -9223372036854775808' : 'MAXVALUE 9223372036854775807'
  // Where the column has room, the sequence alone is widened, which takes no time.
  if (limitedBy === 'sequence' && columnType === 'bigint') {
    const sql = `ALTER SEQUENCE ${name} AS bigint ${end};`
    return item(sequence, level, { params, sql, action: maintain('widen-sequence', [sequence]) })
  }
  // Widening a column rewrites its table under a lock, and the app's model must say BigInt: no button for that.
  const sql =
    table === null || column === null
      ? `ALTER SEQUENCE ${name} AS bigint ${end};`
      : `ALTER TABLE ${qualifiedName(schema, table)} ALTER COLUMN "${column.replaceAll('"', '""')}" TYPE bigint;\nALTER SEQUENCE ${name} AS bigint ${end};`
  return item(sequence, level, { params, sql, wording: table === null ? 'item' : 'column' })
}
