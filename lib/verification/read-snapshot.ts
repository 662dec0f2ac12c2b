import type pg from 'pg'
import { connectPostgres, destroy } from '@/lib/postgres/connect'

/**
 * Runs `use` with the target as it was at one moment. The connection is closed afterwards in any case; when the
 * signal fires its socket is closed at once, also in the middle of a statement.
 *
 * @param statementTimeoutMs how long one statement may take on the server; 0 is without limit
 */
export async function withTargetSnapshot<T>(
  targetUrl: string,
  options: { readonly signal: AbortSignal; readonly statementTimeoutMs: number },
  use: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await connectPostgres(targetUrl, { applicationName: 'bascule verification', signal: options.signal })
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    await client.query(`SET LOCAL statement_timeout = ${Math.trunc(options.statementTimeoutMs)}`)
    // A policy that hides rows makes a read fail, instead of showing a part for the whole.
    await client.query('SET LOCAL row_security = off')
    return await use(client)
  } finally {
    if (options.signal.aborted) destroy(client)
    await client.end().catch(() => undefined)
  }
}
