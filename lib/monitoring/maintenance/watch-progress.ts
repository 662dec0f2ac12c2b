import type pg from 'pg'
import { z } from 'zod'
import type { MaintenanceItem } from '@/lib/core/maintenance-operations'
import type { Report, TableProgress } from '@/lib/core/progress'
import type { PlannedStatement } from './plan-statements'

/** Progress of the watched session, told as statements come and go. */
export interface ProgressWatch {
  begin(target: string): void
  end(item: MaintenanceItem): void
  stop(): Promise<void>
}

const lookMs = 500

// Each view has one row for a session that does such a thing: blocks done and in all, of the part it is at.
const progressSql = `
SELECT done::float8, total::float8 FROM (
  SELECT pid, CASE WHEN phase LIKE 'vacuuming%' OR phase LIKE 'cleaning%' THEN heap_blks_vacuumed ELSE heap_blks_scanned END AS done, heap_blks_total AS total FROM pg_stat_progress_vacuum
  UNION ALL SELECT pid, sample_blks_scanned, sample_blks_total FROM pg_stat_progress_analyze
  UNION ALL SELECT pid, CASE WHEN blocks_total > 0 THEN blocks_done ELSE tuples_done END, CASE WHEN blocks_total > 0 THEN blocks_total ELSE tuples_total END FROM pg_stat_progress_create_index
) p WHERE pid = $1 AND total > 0 LIMIT 1`

const progressRows = z.array(z.object({ done: z.number(), total: z.number() }))

// Who is in the way: CONCURRENTLY waits for every transaction that is older than itself, on whichever table.
const waitSql = `
SELECT b.pid, coalesce(nullif(b.application_name, ''), b.usename::text, '?') AS who, coalesce(b.state, '?') AS state
FROM unnest(pg_blocking_pids($1)) p JOIN pg_stat_activity b ON b.pid = p LIMIT 5`

const waitRows = z.array(z.object({ pid: z.number(), who: z.string(), state: z.string() }))

/** Looks between two questions of who is in the way: asking takes the lock manager's attention. */
const looksPerWait = 6

/**
 * Looks twice a second at pg_stat_progress_vacuum, _analyze and _create_index for one session. Rows of the report are
 * things to be maintained; the part under way is told in hundredths of it.
 */
export function watchProgress(watcher: pg.Client, pid: number, plan: readonly PlannedStatement[], report: Report): ProgressWatch {
  let current: string | null = null
  let done = 0
  let looking: Promise<void> | null = null
  const tell = (tables: TableProgress[], part: number) =>
    report({
      type: 'progress',
      phase: 'maintenance',
      tables,
      rowsDone: done + part,
      rowsTotal: plan.length,
      bytesDone: null,
      rowsPerSecond: null,
      remainingMs: null,
    })
  let looks = 0
  const told = new Set<string>()
  const tellWait = async (target: string) => {
    for (const { pid: other, who, state } of waitRows.parse((await watcher.query(waitSql, [pid])).rows)) {
      const message = `${target}: waits for session ${other} (${who}, ${state})`
      if (told.has(message)) continue
      told.add(message)
      report({ type: 'log', level: 'warn', message })
    }
  }
  const look = async () => {
    looks += 1
    if (current !== null && looks % looksPerWait === 1) await tellWait(current)
    const target = current
    const [row] = progressRows.parse((await watcher.query(progressSql, [pid])).rows)
    if (target === null || target !== current || !row) return
    const share = Math.min(1, row.done / row.total)
    tell([line(target, 'running', Math.round(share * 100))], share)
  }
  const timer = setInterval(() => {
    looking ??= look()
      .catch(() => undefined)
      .finally(() => {
        looking = null
      })
  }, lookMs)
  return {
    begin: (target) => {
      current = target
      tell([line(target, 'running', 0)], 0)
    },
    end: ({ target, outcome }) => {
      current = null
      done += 1
      tell([line(target, outcome === 'failed' ? 'failed' : 'done', 100)], 0)
    },
    stop: async () => {
      clearInterval(timer)
      await looking
    },
  }
}

function line(table: string, state: TableProgress['state'], percent: number): TableProgress {
  return { table, state, rowsDone: percent, rowsTotal: 100, rowsPerSecond: null }
}
