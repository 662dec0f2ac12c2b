import { setImmediate } from 'node:timers/promises'
import { throwIfAborted } from '@/lib/core/abort'
import type { TableMapping } from '@/lib/core/table-mapping'
import type { RowReading } from './long-json'
import type { SourceRows } from './source-rows'
import type { TargetRows } from './target-rows'
import type { ExpectedReason, RowDifference } from './verification-result'

/**
 * Why a difference is as it should be, or null for a fault. Asked once for each difference of a table. `digest` tells what is
 * there without saying it: of the value that the target has (null for NULL), or of a whole row without a key.
 */
export type Explain = (difference: RowDifference, digest: () => Buffer | null) => ExpectedReason | null

/** Differences that are named, of a table and of all tables together; all of them are counted. */
export const mostNamedDifferences = 1_000
const mostNamedInAll = 20_000
/** Once the tables before it have used up the whole, a table still names so many. */
const leastNamedDifferences = 20

/** What one table's rows turned out to be. */
export interface RowComparison {
  readonly sourceRows: number
  readonly targetRows: number
  readonly differences: readonly RowDifference[]
  readonly differencesTotal: number
  /** How many of them are no faults, by reason. */
  readonly expected: Readonly<Record<ExpectedReason, number>>
}

/** What is left of the names that a report has room for; shared by all tables. */
export interface NameBudget {
  left: number
  /** Of one table. */
  readonly most: number
}

/** @param most names of one table, and of all together; default: what a report has room for */
export function createNameBudget(most?: number): NameBudget {
  return most === undefined ? { left: mostNamedInAll, most: mostNamedDifferences } : { left: most, most }
}

export interface ComparedRows {
  readonly mapping: TableMapping
  readonly source: SourceRows
  readonly target: TargetRows
  readonly reading: RowReading
  /** Called some times a second with the rows compared so far and the source's bytes since the last call. */
  readonly advance: (rows: number, bytes: number) => void
  readonly signal: AbortSignal
  /** Null where every difference is a fault. */
  readonly explain: Explain | null
  readonly budget: NameBudget
}

/** Names the first differences, faults before what is expected, and counts all. */
export class DifferenceList {
  total = 0
  readonly expected: Record<ExpectedReason, number> = { 'since-switch': 0, 'repaired-by-choice': 0 }
  private readonly faults: RowDifference[] = []
  private readonly explained: RowDifference[] = []
  private readonly most: number

  constructor(
    private readonly explain: Explain | null,
    private readonly budget: NameBudget,
  ) {
    this.most = Math.max(leastNamedDifferences, Math.min(budget.most, budget.left))
  }

  add(difference: () => RowDifference, digest: () => Buffer | null = () => null): void {
    this.total++
    // Without explanations the key of a difference that has no room is never printed.
    if (!this.explain) {
      if (this.faults.length < this.most) this.faults.push(difference())
      return
    }
    const made = difference()
    const because = this.explain(made, digest)
    if (because === null) {
      if (this.faults.length < this.most) this.faults.push(made)
      return
    }
    this.expected[because]++
    if (this.explained.length < this.most) this.explained.push({ ...made, because })
  }

  /** Call once, at the end. */
  finish(): Pick<RowComparison, 'differences' | 'differencesTotal' | 'expected'> {
    const differences = [...this.faults, ...this.explained].slice(0, this.most)
    this.budget.left = Math.max(0, this.budget.left - differences.length)
    return { differences, differencesTotal: this.total, expected: this.expected }
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
