import type { Report, TableProgress } from '@/lib/core/progress'

/** Says how far a phase is, at most five times a second; the last state of each table is always said. */
export interface VerificationProgress {
  /** Tables and rows to do, known before the first starts. Until then the totals are unknown. */
  plan(tables: readonly { readonly table: string; readonly rowsTotal: number | null }[]): void
  /** Rows of a table that an earlier run had done: they count as done, and not for the rate. */
  resume(table: string, rowsDone: number, bytes: number): void
  start(table: string): void
  advance(table: string, rowsDone: number, bytes: number): void
  finishTable(table: string, rowsDone: number, state: 'done' | 'failed'): void
  finish(): void
}

const intervalMs = 200

/** Reports progress of one phase to `report`. Rates are averages since the phase or the table began. */
export function createProgress(phase: string, report: Report, now: () => number = () => performance.now()): VerificationProgress {
  const startedAt = now()
  const tables = new Map<string, TableProgress>()
  const beginnings = new Map<string, number>()
  const earlier = new Map<string, number>()
  const changed = new Set<string>()
  let bytesDone = 0
  let lastSaid = Number.NEGATIVE_INFINITY

  const put = (table: string, change: Partial<TableProgress>) => {
    const before = tables.get(table) ?? { table, state: 'waiting', rowsDone: 0, rowsTotal: null, rowsPerSecond: null }
    tables.set(table, { ...before, ...change })
    changed.add(table)
    if (now() - lastSaid >= intervalMs) say()
  }

  const say = () => {
    lastSaid = now()
    const all = [...tables.values()]
    const rowsDone = all.reduce((sum, { rowsDone }) => sum + rowsDone, 0)
    const rowsTotal = all.some((table) => table.rowsTotal === null) ? null : all.reduce((sum, table) => sum + (table.rowsTotal ?? 0), 0)
    const rowsPerSecond = rate(rowsDone - [...earlier.values()].reduce((sum, rows) => sum + rows, 0), startedAt)
    const left = rowsTotal === null ? null : Math.max(0, rowsTotal - rowsDone)
    const remainingMs = left === null || !rowsPerSecond ? null : Math.round((left / rowsPerSecond) * 1000)
    const said = [...changed].flatMap((table) => tables.get(table) ?? [])
    changed.clear()
    report({ type: 'progress', phase, tables: said, rowsDone, rowsTotal, bytesDone, rowsPerSecond, remainingMs })
  }

  const rate = (rows: number, since: number) => {
    const elapsedMs = now() - since
    return elapsedMs < 50 ? null : Math.round((rows / elapsedMs) * 1000)
  }

  const rateOf = (table: string, rowsDone: number) =>
    rate(Math.max(0, rowsDone - (earlier.get(table) ?? 0)), beginnings.get(table) ?? startedAt)

  return {
    plan: (planned) => {
      for (const { table, rowsTotal } of planned) put(table, { rowsTotal })
    },
    resume: (table, rowsDone, bytes) => {
      bytesDone += bytes
      earlier.set(table, rowsDone)
      put(table, { rowsDone })
    },
    start: (table) => {
      beginnings.set(table, now())
      put(table, { state: 'running' })
    },
    advance: (table, rowsDone, bytes) => {
      bytesDone += bytes
      put(table, { rowsDone, rowsPerSecond: rateOf(table, rowsDone) })
    },
    finishTable: (table, rowsDone, state) => put(table, { state, rowsDone, rowsPerSecond: rateOf(table, rowsDone) }),
    finish: () => {
      if (changed.size > 0) say()
    },
  }
}
