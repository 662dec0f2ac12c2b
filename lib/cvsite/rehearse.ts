import type { AppDatabase } from '@/lib/database/app-database'

/**
 * Runs the app's own functions inside one transaction of the active database and rolls it back, whatever they did: they
 * see what they write, nobody else ever does. Numbers that a sequence gave out meanwhile are not given out again.
 *
 * @throws AppError APP_READ_ONLY while the app is being moved, and whatever `work` throws
 */
export async function rehearse<T>(database: AppDatabase, work: (inner: AppDatabase) => Promise<T>): Promise<T> {
  const undo = new Undo<T>()
  try {
    await database.write(async (transaction) => {
      // The transaction has all models that a reader has.
      const inner: AppDatabase = {
        read: (query) => query(transaction),
        write: (change) => change(transaction),
        engine: () => database.engine(),
        close: async () => undefined,
      }
      undo.result = { value: await work(inner) }
      throw undo
    })
  } catch (error) {
    if (error !== undo) throw error
  }
  if (!undo.result) throw new Error('The rehearsal ended without a result.')
  return undo.result.value
}

/** Thrown to roll back; an error of its own, so that it is told from every other. */
class Undo<T> extends Error {
  result: { readonly value: T } | undefined
}
