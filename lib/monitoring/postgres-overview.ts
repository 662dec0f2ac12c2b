import type pg from 'pg'
import { z } from 'zod'
import { qualifiedName } from '@/lib/core/quoted-name'
import { isOwnTable } from '@/lib/core/reserved-names'
import { sqlStateOf, withPostgres } from '@/lib/postgres/connect'
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
    const counts = await countTables(client, schemaOf(url), known, part)
    const sizes = (await part('table sizes', () => readSizes(client, schemaOf(url)))) ?? new Map<string, number>()
    const tables = known.map(({ table, estimate }): OverviewTable => {
      const counted = counts.get(table)
      return {
        table,
        rows: counted ?? (estimate >= 0 ? estimate : null),
        rowsExact: counted !== undefined,
        sizeBytes: sizes.get(table) ?? null,
      }
    })
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

type Part = <T>(name: string, read: () => Promise<T>) => Promise<T | null>

/**
 * Exact rows of the tables that are small enough, many in one statement: a thousand tables one by one are a thousand
 * journeys to the server. Where a statement fails for one of its tables (a missing right), its tables are counted one by one.
 */
async function countTables(client: pg.Client, schema: string, known: readonly KnownTable[], part: Part): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  const count = async (tables: readonly KnownTable[]) => {
    const selects = tables.map(
      ({ table }, place) => `SELECT ${place} AS place, (SELECT count(*) FROM ${qualifiedName(schema, table)})::float8 AS rows`,
    )
    const { rows } = await client.query(selects.join(' UNION ALL '))
    for (const { place, rows: counted } of countRows.parse(rows)) counts.set(tables[place]?.table ?? '', counted)
  }
  for (const batch of batchesOf(known.filter(({ estimate }) => estimate <= largestCountedRows))) {
    const [first] = batch
    const name = batch.length === 1 && first ? `table ${first.table}` : `rows of ${batch.length} tables`
    const done = await part(name, async () => {
      try {
        await count(batch)
      } catch (error) {
        if (batch.length === 1 || sqlStateOf(error) !== '42501') throw error
        for (const table of batch) await part(`table ${table.table}`, () => count([table]))
      }
      return true
    })
    if (done === null) break
  }
  return counts
}

const countRows = z.array(z.object({ place: z.number(), rows: z.number() }))
const largestBatch = 100

/** Batches of which each takes about as long as the largest single table may. */
function batchesOf(tables: readonly KnownTable[]): KnownTable[][] {
  const batches: KnownTable[][] = []
  let left = 0
  for (const table of tables) {
    const weight = Math.max(0, table.estimate)
    const current = batches.at(-1)
    if (current && current.length < largestBatch && weight <= left) current.push(table)
    else {
      batches.push([table])
      left = largestCountedRows
    }
    left -= weight
  }
  return batches
}

async function readText(client: pg.Client, expression: string): Promise<string> {
  const { rows } = await client.query(`SELECT ${expression} AS value`)
  return z.tuple([z.object({ value: z.string() })]).parse(rows)[0].value
}

const knownTable = z.object({ table: z.string(), estimate: z.number().transform(Math.round) })
type KnownTable = z.infer<typeof knownTable>

/** Tables of the app with the planner's estimate: -1 where nothing has been analysed yet. */
async function readTables(client: pg.Client, schema: string): Promise<KnownTable[]> {
  const { rows } = await client.query(
    `SELECT c.relname AS table, c.reltuples::float8 AS estimate
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      ORDER BY c.relname`,
    [schema],
  )
  return z
    .array(knownTable)
    .parse(rows)
    .filter(({ table }) => !isOwnTable(table))
}

/** With indexes. Apart from the list, and last: each size asks the disk about several files, which takes time with a thousand tables. */
async function readSizes(client: pg.Client, schema: string): Promise<Map<string, number>> {
  const { rows } = await client.query(
    `SELECT c.relname AS table, pg_total_relation_size(c.oid)::float8 AS bytes FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition`,
    [schema],
  )
  return new Map(
    z
      .array(z.object({ table: z.string(), bytes: z.number() }))
      .parse(rows)
      .map(({ table, bytes }) => [table, bytes]),
  )
}
