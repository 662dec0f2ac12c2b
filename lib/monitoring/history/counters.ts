import type { HistoryFigures } from '@/lib/monitoring/history-points'

/** What a database counts up since it began to, and what it shows at one moment. */
export interface Reading {
  readonly engine: 'sqlite' | 'postgresql'
  /** Which database it is: its label. Counters of two databases are never held against each other. */
  readonly database: string
  readonly atMs: number
  readonly counters: Readonly<Record<'transactions' | 'writes' | 'hits' | 'reads' | 'walBytes', number | null>>
  readonly gauges: Pick<
    HistoryFigures,
    | 'sizeBytes'
    | 'tablesBytes'
    | 'indexesBytes'
    | 'rows'
    | 'connections'
    | 'idleInTransaction'
    | 'blocked'
    | 'deadRows'
    | 'walBytes'
    | 'freeBytes'
    | 'busyShare'
  >
}

/** Counters further apart say nothing of a minute: the worker was away. */
const longestApartMs = 10 * 60_000

/**
 * A point of the history: what is shown now, and rates since the reading before. A counter that fell was reset (a restart,
 * pg_stat_reset): then the rate is not known, rather than wrong. Pure.
 */
export function figuresOf(reading: Reading, before: Reading | null): HistoryFigures {
  const isComparable =
    before !== null && before.database === reading.database && reading.atMs > before.atMs && reading.atMs - before.atMs <= longestApartMs
  const seconds = before === null ? 1 : (reading.atMs - before.atMs) / 1000
  const grown = (name: keyof Reading['counters']): number | null => {
    const now = reading.counters[name]
    const then = isComparable ? before.counters[name] : null
    return now === null || then === null || now < then ? null : now - then
  }
  const rate = (name: keyof Reading['counters']) => {
    const growth = grown(name)
    return growth === null ? null : growth / seconds
  }
  const [hits, reads, writesPerSecond] = [grown('hits'), grown('reads'), rate('writes')]
  return {
    ...reading.gauges,
    connectionsPeak: reading.gauges.connections,
    cacheHitShare: hits === null || reads === null || hits + reads === 0 ? null : hits / (hits + reads),
    transactionsPerSecond: rate('transactions'),
    writesPerSecond,
    writesPeak: writesPerSecond,
    walBytesPerSecond: rate('walBytes'),
  }
}
