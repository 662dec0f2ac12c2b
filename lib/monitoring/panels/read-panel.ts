import type pg from 'pg'
import type { Panel, UnknownReason } from '@/lib/monitoring/health-report'
import { sqlStateOf } from '@/lib/postgres/connect'

/** Says why something is not known, from inside a panel. */
export class NotKnown extends Error {
  readonly reason: UnknownReason
  constructor(reason: UnknownReason, message: string) {
    super(message)
    this.name = 'NotKnown'
    this.reason = reason
  }
}

/**
 * Reads one panel within its own time. What goes wrong becomes the panel's "unknown", with the reason; nothing is thrown
 * as long as the connection lives.
 *
 * lock_timeout as well: asking a table's size waits for whoever locked the table, and that is the very moment when an
 * administrator wants to see the page.
 */
export async function readPanel<T>(client: pg.Client, timeoutMs: number, read: () => Promise<T>): Promise<Panel<T>> {
  try {
    await client.query(`SET statement_timeout = ${timeoutMs}; SET lock_timeout = ${Math.max(1, Math.trunc(timeoutMs / 4))}`)
    return { status: 'known', data: await read() }
  } catch (error) {
    return { status: 'unknown', ...reasonOf(error) }
  }
}

/** Runs `read`; where it takes too long because something is locked, `instead`. */
export async function orWhenLocked<T>(read: () => Promise<T>, instead: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    const state = sqlStateOf(error)
    if (state !== '57014' && state !== '55P03') throw error
    return instead()
  }
}

export function reasonOf(error: unknown): { readonly reason: UnknownReason; readonly message: string } {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof NotKnown) return { reason: error.reason, message }
  switch (sqlStateOf(error)) {
    case '42501':
      return { reason: 'no-right', message }
    case '57014':
    case '55P03':
      return { reason: 'timeout', message }
    default:
      return { reason: 'failed', message }
  }
}
