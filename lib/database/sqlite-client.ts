import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3'
import { z } from 'zod'
import { AppError } from '@/lib/core/errors'
import { isBusyError, type OpenClient, transactionLimits } from './app-client'
import { PrismaClient } from './generated/sqlite/client'

/**
 * better-sqlite3 waits inside the call, with the whole process: a short wait is repeated, with other work
 * done in between, until `patienceMs` is used up.
 */
const busyTimeoutMs = 250
const patienceMs = 8_000

/**
 * Opens the app's SQLite file with two connections: one that writes, one that only reads. Prisma's adapter
 * has one connection per client, and a query beside an interactive transaction on it would see what that
 * transaction has not committed; hence the second.
 *
 * Both have foreign keys on; the file is put in WAL mode, so that readers and a migration's snapshot never
 * wait for a writer.
 *
 * @throws AppError SOURCE_MISSING when the file is not there (it is never created here: see ensureSchema)
 */
export async function openSqliteClient(path: string): Promise<OpenClient> {
  if (!existsSync(path)) {
    throw new AppError({
      code: 'SOURCE_MISSING',
      operation: 'open the app database',
      subject: path,
      message: 'The SQLite file of the app does not exist.',
      hint: 'Check DATABASE_URL: a relative file: path is relative to prisma/. Start the app once to create an empty database.',
    })
  }
  const options = () => ({ adapter: new PrismaBetterSqlite3({ url: path, fileMustExist: true, timeout: busyTimeoutMs }) })
  const writer = new PrismaClient({ ...options(), transactionOptions: transactionLimits })
  const reader = new PrismaClient(options())
  try {
    await untilFree(() => writer.$queryRawUnsafe('PRAGMA journal_mode = WAL'))
    // NORMAL could lose the last commits when the power fails; a credit spent must stay spent.
    await writer.$queryRawUnsafe('PRAGMA synchronous = FULL')
    for (const client of [writer, reader]) await client.$queryRawUnsafe('PRAGMA foreign_keys = ON')
    await reader.$queryRawUnsafe('PRAGMA query_only = ON')
  } catch (error) {
    await Promise.allSettled([writer.$disconnect(), reader.$disconnect()])
    throw error
  }
  return {
    engine: 'sqlite',
    reader,
    transact: (work) =>
      untilFree(() =>
        writer.$transaction(async (transaction) => {
          // The adapter begins a deferred transaction. One that reads first and writes later fails with
          // SQLITE_BUSY_SNAPSHOT when another process wrote in between; a first statement that writes
          // (nothing) takes the lock at once, as BEGIN IMMEDIATE does.
          await transaction.$executeRawUnsafe('DELETE FROM "User" WHERE 0')
          return work(transaction)
        }),
      ),
    isFenced: async () => {
      try {
        const fences: unknown = await reader.$queryRawUnsafe('SELECT * FROM _bascule_fence')
        return z.array(z.object({ awake: z.coerce.number().default(1) })).parse(fences)[0]?.awake !== 0
      } catch {
        // No such table: no fence. Whatever else is wrong, the write will say it.
        return false
      }
    },
    explain: (error) => error,
    // Both connections were used just now.
    warmUp: async () => undefined,
    close: async () => {
      await Promise.all([writer.$disconnect(), reader.$disconnect()])
    },
  }
}

/** Repeats what was refused because another process holds the write lock; it had changed nothing. */
async function untilFree<T>(attempt: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + patienceMs
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (!isBusyError(error)) throw error
      if (Date.now() > deadline) {
        throw new AppError({
          code: 'SOURCE_BUSY',
          operation: 'write to the app database',
          message: 'Another process held the write lock of the SQLite file for too long.',
          hint: 'Try again. If it goes on, look for a tool that has the file open in a transaction.',
          retryable: true,
          cause: error,
        })
      }
      await delay(25)
    }
  }
}
