import type pg from 'pg'
import { z } from 'zod'

const factsRow = z.object({
  versionNumber: z.number(),
  version: z.string(),
  timeZone: z.string(),
  superuser: z.boolean(),
  maxConnections: z.number(),
  reserved: z.number(),
  used: z.number(),
  roleLimit: z.number(),
  roleUsed: z.number(),
  databaseLimit: z.number(),
  databaseUsed: z.number(),
  dataDirectory: z.string().nullable(),
  databaseName: z.string(),
})

export interface ServerFacts extends z.infer<typeof factsRow> {
  /** Connections that may still be opened besides this one, by whichever limit is the narrowest. */
  readonly freeConnections: number
  /** The server's clock minus this machine's, in milliseconds, as far as the round trip lets us tell. */
  readonly clockOffsetMs: number
  /** How far off `clockOffsetMs` may be. */
  readonly clockUncertaintyMs: number
}

/**
 * What a server says of itself beyond `inspectTarget`. Reads only.
 *
 * The time zone is the one that a session starts with (`reset_val`), not the one that our session was set to. Limits of
 * connections are those of the server without what it reserves for superusers, of the role and of the database.
 */
export async function readServerFacts(client: pg.Client, now: () => number = Date.now): Promise<ServerFacts> {
  const facts = factsRow.parse((await client.query(factsSql)).rows[0])
  const clock = await readClock(client, now)
  // A superuser has no limit of his own and may use what is reserved.
  const limits = [
    facts.maxConnections - (facts.superuser ? 0 : facts.reserved) - facts.used,
    ...(facts.roleLimit >= 0 && !facts.superuser ? [facts.roleLimit - facts.roleUsed] : []),
    ...(facts.databaseLimit >= 0 && !facts.superuser ? [facts.databaseLimit - facts.databaseUsed] : []),
  ]
  return { ...facts, freeConnections: Math.max(0, Math.min(...limits)), ...clock }
}

const backends = `FROM pg_stat_activity WHERE backend_type = 'client backend'`

const factsSql = `
SELECT current_setting('server_version_num')::int AS "versionNumber", current_setting('server_version') AS version,
  (SELECT reset_val FROM pg_settings WHERE name = 'TimeZone') AS "timeZone",
  current_setting('is_superuser')::bool AS superuser,
  current_setting('max_connections')::int AS "maxConnections",
  current_setting('superuser_reserved_connections')::int + coalesce(current_setting('reserved_connections', true)::int, 0) AS reserved,
  (SELECT count(*)::int ${backends}) AS used,
  (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS "roleLimit",
  (SELECT count(*)::int ${backends} AND usename = current_user) AS "roleUsed",
  (SELECT datconnlimit FROM pg_database WHERE datname = current_database()) AS "databaseLimit",
  (SELECT count(*)::int ${backends} AND datname = current_database()) AS "databaseUsed",
  CASE WHEN current_setting('is_superuser')::bool OR pg_has_role('pg_read_all_settings', 'USAGE')
    THEN current_setting('data_directory') END AS "dataDirectory",
  current_database() AS "databaseName"`

/** Of some readings the one with the shortest round trip, as NTP does: the server's clock was read about in its middle. */
async function readClock(client: pg.Client, now: () => number) {
  let best = { clockOffsetMs: 0, clockUncertaintyMs: Number.POSITIVE_INFINITY }
  for (let round = 0; round < 5; round += 1) {
    const sent = now()
    const { rows } = await client.query(`SELECT extract(epoch FROM clock_timestamp()) * 1000 AS ms`)
    const received = now()
    const { ms } = z.object({ ms: z.coerce.number() }).parse(rows[0])
    // Both clocks are read in whole milliseconds here.
    const clockUncertaintyMs = (received - sent) / 2 + 1
    if (clockUncertaintyMs < best.clockUncertaintyMs) best = { clockOffsetMs: Math.round(ms - (sent + received) / 2), clockUncertaintyMs }
  }
  return best
}

const extensionRow = z.object({ name: z.string(), installed: z.boolean(), available: z.boolean() })

/** Of extensions by name, which are there and which could be made. */
export async function readExtensions(client: pg.Client, names: readonly string[]): Promise<readonly z.infer<typeof extensionRow>[]> {
  const { rows } = await client.query(
    `SELECT wanted AS name, EXISTS (SELECT 1 FROM pg_extension WHERE extname = wanted) AS installed,
       EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = wanted) AS available
     FROM unnest($1::text[]) AS wanted`,
    [names],
  )
  return z.array(extensionRow).parse(rows)
}
