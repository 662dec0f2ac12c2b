import { setImmediate } from 'node:timers/promises'
import { throwIfAborted } from '@/lib/core/abort'
import type { TableMapping } from '@/lib/core/table-mapping'
import type { SourceRows } from './source-rows'
import type { TargetRows } from './target-rows'
import type { RowDifference } from './verification-result'

/** Differences that are named; all of them are counted. */
export const mostNamedDifferences = 100

/** What one table's rows turned out to be. */
export interface RowComparison {
  readonly sourceRows: number
  readonly targetRows: number
  readonly differences: readonly RowDifference[]
  readonly differencesTotal: number
}

export interface ComparedRows {
  readonly mapping: TableMapping
  readonly source: SourceRows
  readonly target: TargetRows
  /** Called some times a second with the rows compared so far and the source's bytes since the last call. */
  readonly advance: (rows: number, bytes: number) => void
  readonly signal: AbortSignal
}

/** Names the first differences and counts all. */
export class DifferenceList {
  readonly named: RowDifference[] = []
  total = 0

  add(difference: () => RowDifference): void {
    this.total++
    if (this.named.length < mostNamedDifferences) this.named.push(difference())
  }
}

/** Lets others have the event loop, and stops when asked to. */
export class Breather {
  private last = performance.now()
  private sinceLook = 0

  constructor(private readonly signal: AbortSignal) {}

  /** Whether it is time for `rest`: asked for each row, looks at the clock at each 256th. */
  isDue(): boolean {
    if (++this.sinceLook < 256) return false
    this.sinceLook = 0
    return performance.now() - this.last > 15
  }

  async rest(): Promise<void> {
    await setImmediate()
    throwIfAborted(this.signal)
    this.last = performance.now()
  }
}

/** Moves to the next row of either side; false at the end. */
export async function advanceRow(rows: SourceRows | TargetRows): Promise<boolean> {
  for (;;) {
    const step = rows.next()
    if (step !== 'wait') return step === 'row'
    await rows.load()
  }
}
