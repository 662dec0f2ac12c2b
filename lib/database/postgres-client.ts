import { setTimeout as delay } from 'node:timers/promises'
import { PrismaPg } from '@prisma/adapter-pg'
import { AppError } from '@/lib/core/errors'
import { fenceTriggerName, refusingSource } from '@/lib/postgres/fence'
import { ownConnectionConfig } from '@/lib/postgres/own-connections'
import { schemaOf } from '@/lib/postgres/target-url'
import { type AppClient, type AppTransaction, type OpenClient, transactionLimits } from './app-client'
import { PrismaClient } from './generated/postgresql/client'

/** Connections that one web process keeps to PostgreSQL, at most; those that are made before they are needed. */
const poolSize = 10
const warmConnections = 4
/**
 * Who waits longer for a table that somebody keeps locked is told so: the accounts are read for every page, and a page that
 * never comes says nothing. In milliseconds; shorter than a transaction may take.
 */
const longestLockWaitMs = 10_000

/**
 * Opens the app's PostgreSQL database. `?schema=` of the URL names the schema, as Prisma reads it; default
 * `public`. `lockTimeoutMs`: how long a statement waits for a lock, default 10,000. Nothing is connected before the first query, so this does not fail for a server that is down.
 */
export async function openPostgresClient(targetUrl: string, lockTimeoutMs: number = longestLockWaitMs): Promise<OpenClient> {
  const { options, ...connection } = await ownConnectionConfig(targetUrl)
  const schema = schemaOf(targetUrl)
  const adapter = new PrismaPg(
    {
      ...connection,
      max: poolSize,
      connectionTimeoutMillis: 5_000,
      // Longer than between two looks at those that wait for a switch.
      idleTimeoutMillis: 60_000,
      application_name: 'cvsite',
      // Dates are stored without zone, in UTC; the server's own zone must have no part in it.
      options: ['-c timezone=UTC', `-c lock_timeout=${lockTimeoutMs}`, options].filter((option) => option !== undefined).join(' '),
    },
    { schema, onPoolError: () => undefined, onConnectionError: () => undefined },
  )
  const client = new PrismaClient({ adapter, transactionOptions: transactionLimits })
  // Both clients come from one data model (`npm run schema:check` fails when they drift apart), so every
  // model and argument of the SQLite client exists here with the same meaning; TypeScript only sees two
  // unrelated sets of generated names. The contract suite runs every action of the app on both.
  const shared = client as unknown as AppClient
  return {
    engine: 'postgresql',
    reader: shared,
    transact: (work) => untilUndisputed(() => transactOnce(shared, work)),
    // A refused attempt would take as long as a write, from a switch that is waited for by all.
    isFenced: async () => {
      // In the app's own schema: an earlier copy that was set aside keeps its fence.
      const fences: unknown = await shared.$queryRawUnsafe(
        `SELECT 1 FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid
           JOIN pg_catalog.pg_proc p ON p.oid = g.tgfoid
         WHERE g.tgname = '${fenceTriggerName}' AND g.tgenabled <> 'D' AND ${refusingSource} AND c.relnamespace = to_regnamespace(quote_ident($1))::oid LIMIT 1`,
        schema,
      )
      return Array.isArray(fences) && fences.length > 0
    },
    explain: lockedOr,
    warmUp: async () => {
      await Promise.all(Array.from({ length: warmConnections }, () => shared.$queryRawUnsafe('SELECT 1')))
      // The client's own query compiler begins with its first query that is none of SQL.
      await shared.user.findFirst({ select: { id: true } })
    },
    close: () => client.$disconnect(),
  }
}

/**
 * A transaction whose connection is cut has changed nothing as long as its work was under way: PostgreSQL rolls it back. Once
 * COMMIT was sent nobody knows, and it must not be done again unasked.
 */
async function transactOnce<T>(client: AppClient, work: (transaction: AppTransaction) => Promise<T>): Promise<T> {
  let isWorkDone = false
  try {
    return await client.$transaction(async (transaction) => {
      const result = await work(transaction)
      isWorkDone = true
      return result
    })
  } catch (error) {
    if (error instanceof AppError || !isCut(error)) throw lockedOr(error)
    throw new AppError({
      code: 'TARGET_CONNECTION_LOST',
      operation: 'write to the app database',
      message: isWorkDone
        ? 'The connection to PostgreSQL was cut before it said whether the change was saved.'
        : 'The connection to PostgreSQL was cut or could not be made. Nothing was changed.',
      hint: isWorkDone ? 'Look whether it is there before you try again.' : 'Try again in a moment.',
      retryable: !isWorkDone,
      cause: error,
    })
  }
}

/** 55P03 is the server's word for a lock that was not had in time; of the transaction nothing was changed. */
function lockedOr(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof AppError) return error
  if (!/55P03|due to lock timeout/.test(`${error.message} ${JSON.stringify(error)}`)) return error
  return new AppError({
    code: 'STATE_CONFLICT',
    operation: 'use the app database',
    message: 'Somebody keeps a table of the app locked on PostgreSQL. Nothing was changed.',
    hint: 'Try again in a moment. An administrator finds who holds it in pg_stat_activity, or on the Database page.',
    retryable: true,
    cause: error,
  })
}

/** Prisma: cannot reach the server, it closed the connection, no connection in time; PostgreSQL: it shuts down or starts. */
const cutCodes: ReadonlySet<string> = new Set(['P1001', 'P1002', 'P1017', 'P2024', '57P01', '57P02', '57P03', '08006', '08003'])
const cutWords =
  /ECONNRESET|ECONNREFUSED|EPIPE|ETIMEDOUT|Connection terminated|ConnectionClosed|DatabaseNotReachable|server has closed the connection|57P0[123]|terminating connection/i

function isCut(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return ('code' in error && cutCodes.has(String(error.code))) || cutWords.test(`${error.message} ${JSON.stringify(error)}`)
}

/** Attempts of a transaction that PostgreSQL breaks off in favour of another, and the longest pause before the next. */
const mostAttempts = 8
const longestPauseMs = 200

/**
 * Repeats what PostgreSQL rolled back to resolve a deadlock: nothing of it was changed. Between two writers that is rare; a
 * switch back, which locks every table for a moment, meets many who hold one table and want another.
 */
async function untilUndisputed<T>(attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await attempt()
    } catch (error) {
      if (attempts === mostAttempts || !isDeadlock(error)) throw error
      await delay(Math.random() * Math.min(longestPauseMs, 10 * 2 ** attempts))
    }
  }
}

/** P2034 is Prisma's word for SQLSTATE 40001 and 40P01. */
function isDeadlock(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'P2034'
}
