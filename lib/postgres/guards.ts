import type pg from 'pg'
import { z } from 'zod'
import { throwIfAborted } from '@/lib/core/abort'
import { AppError } from '@/lib/core/errors'
import { pause } from '@/lib/core/pause'
import { qualifiedName, quoteText } from '@/lib/core/quoted-name'
import { bookkeepingSchema } from './copy-mark'
import { createFenceTrigger, fenceTrigger, fenceTriggerName, refusingFunction, sleepingFunction } from './fence'
import { isContended } from './postgres-error'

/**
 * A fence of which the triggers stand beforehand and let everything pass, until the one function that they all call is
 * replaced by one that refuses: no table is locked for that, so nobody waits for it and it waits for nobody. What it is
 * not is a wall to those who are past it: `untilWritersEnded` waits for these.
 *
 * Why nobody gets past unseen: a statement locks its table (RowExclusiveLock) before its triggers fire, and looks for changes of
 * the catalogue once it has the lock, whatever its isolation level. Locked before the commit of the waking, it stands in
 * pg_locks until its transaction ends; locked after it, it meets the new function.
 */
export interface GuardedTables {
  readonly schema: string
  readonly tables: readonly string[]
}

export interface InstallOptions {
  /** How long writers of one table are waited for. Default: 30,000. */
  readonly patienceMs?: number
  readonly signal?: AbortSignal
}

/** Who comes after us on a table waits behind us: never for longer. */
const lockTimeoutMs = 100
const lockPauseMs = 50

/**
 * Puts sleeping guards on the tables that have none, one table after the other, each in a transaction of its own: so it never
 * holds one table while it waits for another. Safe to repeat; costs one query when all have theirs. A fence that
 * stands is put to sleep.
 *
 * @throws AppError STATE_CONFLICT (retryable) when a table stays in use for longer than `patienceMs`; CANCELLED; TARGET_*
 */
export async function installGuards(client: pg.Client, guarded: GuardedTables, options: InstallOptions = {}): Promise<void> {
  const missing = unguarded(guarded, (await client.query(guardsSql(guarded))).rows)
  if (missing.length === 0) return
  const { patienceMs = 30_000, signal } = options
  await sleepGuards(client)
  for (const table of missing) {
    const name = qualifiedName(guarded.schema, table)
    // Of several statements the server makes one transaction; nothing is dropped where nothing is.
    const sql = `SET LOCAL lock_timeout = ${lockTimeoutMs}; DROP TRIGGER IF EXISTS ${fenceTrigger} ON ${name}; ${createFenceTrigger(name, bookkeepingSchema)}`
    const until = performance.now() + patienceMs
    while (!(await lockedInTime(client, sql))) {
      if (signal) throwIfAborted(signal)
      if (performance.now() > until) throw inUse(table)
      await pause(lockPauseMs, signal ?? new AbortController().signal)
    }
  }
}

/**
 * Lets the guards refuse writes, in the caller's transaction, from its commit on.
 *
 * @throws AppError STATE_CONFLICT (retryable) when a table has no guard: then install them
 */
export async function wakeGuards(client: pg.Client, guarded: GuardedTables, reason: string): Promise<void> {
  // In one message: from the commit on the app's writes wait.
  const answer: unknown = await client.query(`${refusingFunction(bookkeepingSchema, reason)}; ${guardsSql(guarded)}`)
  const [table] = unguarded(guarded, Array.isArray(answer) ? answer.at(-1).rows : [])
  if (table !== undefined) throw noGuard(table)
}

/** Lets writes pass again, in the caller's transaction if there is one. Safe to repeat. */
export async function sleepGuards(client: pg.Client): Promise<void> {
  await client.query(sleepingFunction(bookkeepingSchema))
}

/**
 * Waits until every transaction that may write to the tables at this moment has ended. Locks nothing.
 *
 * @param patienceMs how long; false when one of them still goes on then
 */
export async function untilWritersEnded(
  client: pg.Client,
  guarded: GuardedTables,
  patienceMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const until = performance.now() + patienceMs
  const awaited = await readWriters(client, guarded)
  for (let pauseMs = 2; ; pauseMs = Math.min(pauseMs * 1.5, 25)) {
    if (awaited.size === 0) return true
    throwIfAborted(signal)
    if (performance.now() >= until) return false
    await pause(pauseMs, signal)
    // Who began later has met the guards, or is not waited for.
    const present = await readWriters(client, guarded)
    for (const one of awaited) if (!present.has(one)) awaited.delete(one)
  }
}

/** Virtual transaction ids: each is given out once. */
async function readWriters(client: pg.Client, { schema, tables }: GuardedTables): Promise<Set<string>> {
  const { rows } = await client.query(
    `SELECT DISTINCT l.virtualtransaction AS id FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
     WHERE l.locktype = 'relation' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()
       AND l.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
       AND c.relnamespace = to_regnamespace(quote_ident($1))::oid AND c.relname = ANY ($2)`,
    [schema, tables],
  )
  return new Set(
    z
      .array(z.object({ id: z.string() }))
      .parse(rows)
      .map(({ id }) => id),
  )
}

/** The tables that have a guard. Without parameters, so that it may stand beside other statements. */
function guardsSql({ schema, tables }: GuardedTables): string {
  const names = tables.map((table) => quoteText(table)).join(', ')
  return `SELECT c.relname AS "table" FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_proc p ON p.oid = g.tgfoid
    WHERE c.relnamespace = to_regnamespace(quote_ident(${quoteText(schema)}))::oid AND c.relname = ANY (ARRAY[${names}]::text[])
      AND g.tgname = '${fenceTriggerName}' AND g.tgenabled IN ('O', 'A') AND p.pronamespace = to_regnamespace('${bookkeepingSchema}')::oid`
}

function unguarded({ tables }: GuardedTables, rows: unknown): readonly string[] {
  const found = new Set(
    z
      .array(z.object({ table: z.string() }))
      .parse(rows)
      .map(({ table }) => table),
  )
  return tables.filter((table) => !found.has(table))
}

/** False when a writer was in the way, or we were in its. */
async function lockedInTime(client: pg.Client, sql: string): Promise<boolean> {
  try {
    await client.query(sql)
    return true
  } catch (error) {
    if (isContended(error)) return false
    throw error
  }
}

function inUse(table: string): AppError {
  return new AppError({
    code: 'STATE_CONFLICT',
    operation: 'guard the tables on PostgreSQL',
    subject: table,
    message: `Somebody keeps a transaction open on the table ${table}, and the switch has to wait for it.`,
    hint: 'End it there (pg_stat_activity), then try again.',
    retryable: true,
  })
}

function noGuard(table: string): AppError {
  return new AppError({
    code: 'STATE_CONFLICT',
    operation: 'fence PostgreSQL',
    subject: table,
    message: `The guard of the table ${table} was taken down, or the table is new.`,
    hint: 'Try again; wait until schema migrations have ended.',
    retryable: true,
  })
}
