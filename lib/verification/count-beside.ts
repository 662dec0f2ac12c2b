import { stat } from 'node:fs/promises'
import { countHere, type SourceCounter, toCount } from './source-counter'
import { openSourceReader } from './source-reader'

/** A larger file is counted by a thread, which takes longer to start than a smaller one to be counted. */
const threadFromBytes = 64 * 1024 * 1024

/**
 * Opens the source for counting; a large one in a thread, with statements for which SQLite only adds up what each page says that it
 * holds. Not for the web process, which makes no threads.
 *
 * @throws AppError SOURCE_*, CANCELLED
 */
export async function countBeside(sourcePath: string, signal: AbortSignal): Promise<SourceCounter> {
  const file = await stat(sourcePath).catch(() => null)
  if (file === null || file.size <= threadFromBytes) return countHere(sourcePath, signal)
  const reader = await openSourceReader(sourcePath, signal)
  return {
    opened: reader.opened,
    count: async (table) => toCount((await reader.count([table])).get(table)),
    [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
  }
}
