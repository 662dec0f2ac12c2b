import { setImmediate } from 'node:timers/promises'
import { throwIfAborted } from '@/lib/core/abort'
import { AppError, type ErrorReport } from '@/lib/core/errors'
import { readSqliteCatalogue } from '@/lib/sqlite/catalogue'
import { countRows } from '@/lib/sqlite/count-rows'
import { toSqliteError } from '@/lib/sqlite/open-database'
import { type Count, uncounted } from './compare-counts'
import { describeSource } from './endpoints'
import type { OpenedSource } from './source-protocol'
import { openSourceSnapshot } from './source-snapshot'

/** Counts tables of the source, as they are at one moment. */
export interface SourceCounter extends AsyncDisposable {
  readonly opened: OpenedSource
  /** @throws AppError CANCELLED; any other failure is the answer */
  count(table: string): Promise<Count>
}

/**
 * Opens the source for counting here, which holds the event loop for some milliseconds at a time.
 *
 * @throws AppError SOURCE_*
 */
export async function countHere(sourcePath: string, signal: AbortSignal): Promise<SourceCounter> {
  const db = openSourceSnapshot(sourcePath)
  const catalogue = readSqliteCatalogue(db)
  return {
    opened: { catalogue, endpoint: describeSource(db) },
    count: async (name) => {
      const table = catalogue.tables.find((candidate) => candidate.name === name)
      try {
        const counting = table && countRows(db, table)
        for (let step = counting?.next(); step; step = counting?.next()) {
          if (step.done) return { rows: step.value }
          await setImmediate()
          throwIfAborted(signal)
        }
        return toCount(undefined)
      } catch (error) {
        throwIfAborted(signal)
        return uncounted('source', toSqliteError(error, db.name))
      }
    },
    [Symbol.asyncDispose]: async () => void db.close(),
  }
}

/** What the thread answers for a table. */
export function toCount(counted: number | ErrorReport | undefined): Count {
  if (typeof counted === 'number') return { rows: counted }
  return uncounted('source', counted === undefined ? new Error('It was not counted.') : new AppError(counted))
}
