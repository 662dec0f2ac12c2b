import { AppError } from '@/lib/core/errors'
import type { Prisma, PrismaClient } from './generated/sqlite/client'

/**
 * The client that the app's queries are written against, whichever engine they go to: the type of the
 * SQLite client. The PostgreSQL client is generated from the same data model and offers everything that
 * this type has (and some that SQLite lacks, which the app therefore cannot use by mistake).
 */
export type AppClient = PrismaClient

/** What a reading function gets: the models, without the means to write around `write`. */
export type AppReader = Pick<AppClient, ModelName>

/** What a writing function gets: the models, inside one interactive transaction. */
export type AppTransaction = Prisma.TransactionClient

type ModelName = Uncapitalize<Prisma.ModelName>

export type Engine = 'sqlite' | 'postgresql'

/** An open database of either engine. */
export interface OpenClient {
  readonly engine: Engine
  /** Runs queries outside of any transaction; never sees what is not committed. */
  readonly reader: AppReader
  /**
   * Runs `work` in one transaction that holds the right to write from its start (SQLite), so that what it
   * reads cannot change before it writes.
   */
  transact<T>(work: (transaction: AppTransaction) => Promise<T>): Promise<T>
  /**
   * Whether a fence would refuse a write now, asked without taking a lock: so that writes which wait for the end of a
   * switch do not stand in its way. False where that cannot be told; the write itself then finds out.
   */
  isFenced(): Promise<boolean>
  /** What an error of a query comes to, where this engine knows it; the error itself otherwise. */
  explain(error: unknown): unknown
  /** Connects now rather than at the first query. @throws what the server says */
  warmUp(): Promise<void>
  /** Closes the connections; queries still running are the caller's to wait for. */
  close(): Promise<void>
}

/** How long a write may take, and how long it may wait for its turn, in milliseconds. */
export const transactionLimits = { timeout: 15_000, maxWait: 10_000 } as const

/** Whether Prisma (or the driver) says that another connection holds SQLite's write lock. */
export function isBusyError(error: unknown): boolean {
  if (error instanceof AppError) return false
  const text = error instanceof Error ? `${error.message} ${JSON.stringify(error)}` : String(error)
  return /SQLITE_BUSY|database is locked|SocketTimeout|\bP1008\b/.test(text)
}
