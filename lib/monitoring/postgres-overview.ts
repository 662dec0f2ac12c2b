import type pg from 'pg'
import { z } from 'zod'
import { qualifiedName } from '@/lib/core/quoted-name'
import { isOwnTable } from '@/lib/core/reserved-names'
import { withPostgres } from '@/lib/postgres/connect'
import { schemaOf, targetLabel } from '@/lib/postgres/target-url'
import type { Overview, OverviewTable } from './overview-schema'
import { attempt, usersOf } from './sqlite-overview'

/** Tables that the server thinks larger are not counted: about 200 ms a million rows, more when the disk must be read. */
const largestCountedRows = 500_000

/** The overview of a PostgreSQL database. Ends with what it has when the time is up. */
export function readPostgresOverview(url: string, timeoutMs: number): Promise<Overview> {
  const deadline = performance.now() + timeoutMs
  return withPostgres(url, { applicationName: 'bascule overview' }, async (client) => {
    await client.query('SET default_transaction_read_only = on')
    const unknown: { part: string; reason: string }[] = []
    const part = <T>(name: string, read: () => Promise<T>) =>
      attempt(name, unknown, async () => {
        const leftMs = Math.trunc(deadline - performance.now())
        if (leftMs <= 0) throw new Error('There was no time left to read it.')
        await client.query(`SET statement_timeout = ${leftMs}`)
        return read()
      })
    const version = await part('version', () => readText(client, `current_setting('server_version')`))
    const sizeBytes = await part('size', async () => Number(await readText(client, 'pg_database_size(current_database())::text')))
    const connections = await part('connections', async () =>
      Number(await readText(client, '(SELECT count(*)::text FROM pg_stat_activity WHERE datname = current_database())')),
    )
    const maxConnections = await part('connection limit', async () => Number(await readText(client, `current_setting('max_connections')`)))
    const encoding = await part('encoding', () => readText(client, `current_setting('server_encoding')`))
    const timeZone = await part('time zone', () => readText(client, `(SELECT reset_val FROM pg_settings WHERE name = 'TimeZone')`))
    const known = (await part('tables', () => readTables(client, schemaOf(url)))) ?? []
    const tables: OverviewTable[] = []
    for (const { table, estimate, sizeBytes: bytes } of known) {
      const name = qualifiedName(schemaOf(url), table)
      const counted =
        estimate <= largestCountedRows
          ? await part(`table ${table}`, async () => Number(await readText(client, `(SELECT count(*)::text FROM ${name})`)))
          : null
      tables.push({ table, rows: counted ?? (estimate >= 0 ? estimate : null), rowsExact: counted !== null, sizeBytes: bytes })
    }
    return {
      engine: 'postgresql',
      label: targetLabel(url),
      version: version?.split(' ')[0] ?? null,
      readAt: new Date().toISOString(),
      sizeBytes,
      users: usersOf(tables),
      tables,
      sqlite: null,
      postgresql: { connections, maxConnections, encoding, timeZone },
      unknown,
    }
  })
}

async function readText(client: pg.Client, expression: string): Promise<string> {
  const { rows } = await client.query(`SELECT ${expression} AS value`)
  return z.tuple([z.object({ value: z.string() })]).parse(rows)[0].value
}

/** Tables of the app with the planner's estimate: -1 where nothing has been analysed yet. */
async function readTables(client: pg.Client, schema: string) {
  const { rows } = await client.query(
    `SELECT c.relname AS table, c.reltuples::float8 AS estimate, pg_total_relation_size(c.oid)::float8 AS "sizeBytes"
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      ORDER BY c.relname`,
    [schema],
  )
  const tables = z.array(z.object({ table: z.string(), estimate: z.number().transform(Math.round), sizeBytes: z.number() })).parse(rows)
  return tables.filter(({ table }) => !isOwnTable(table))
}
