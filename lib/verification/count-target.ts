import type pg from 'pg'
import { z } from 'zod'
import { throwIfAborted } from '@/lib/core/abort'
import type { PostgresTable } from '@/lib/core/catalogue'
import { qualifiedName, quoteName } from '@/lib/core/quoted-name'
import { toPostgresError } from '@/lib/postgres/connect'
import { absent, type Count, uncounted } from './compare-counts'
import type { TablePair } from './compared-tables'

/** Tables counted in one statement: each statement is a way to the server and back, so 500 tables one by one took seconds. */
const mostTogether = 50
/** And as many bytes together: a larger table is counted alone, so that the server's time limit is its own. */
const mostBytesTogether = 64 * 1024 * 1024

/**
 * Counts every pair: the target's tables in groups, which each are handed to `count` as soon as they are there, while the
 * next are counted.
 *
 * @returns what `count` made of each, in the order of the pairs
 * @throws what `count` throws, CANCELLED
 */
export async function countInGroups<T>(
  client: pg.Client,
  pairs: readonly TablePair[],
  count: (pair: TablePair, target: Count) => Promise<T>,
  signal: AbortSignal,
): Promise<readonly T[]> {
  const counted = new Map<string, T>()
  const named = new Map(pairs.map((pair) => [pair.table, pair]))
  const groups = countTargets(
    client,
    pairs.flatMap(({ target }) => target ?? []),
  )
  let ahead = settled(groups.next())
  for (const pair of pairs) if (pair.target === null) counted.set(pair.table, await count(pair, absent('target')))
  for (;;) {
    const group = await ahead
    throwIfAborted(signal)
    if ('error' in group) throw group.error
    if (group.value.done) break
    ahead = settled(groups.next())
    for (const [table, target] of group.value.value) {
      const pair = named.get(table)
      if (pair) counted.set(table, await count(pair, target))
    }
  }
  return pairs.flatMap(({ table }) => {
    const result = counted.get(table)
    return result === undefined ? [] : [result]
  })
}

/** A rejection that is looked at later must not count as unhandled until then. */
function settled<T>(promise: Promise<T>): Promise<{ readonly value: T } | { readonly error: unknown }> {
  return promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
}

/**
 * Counts tables of the target inside the snapshot, which survives when a count fails, and tells the counts group by group,
 * in any order. A group that cannot be counted together is counted table by table.
 */
async function* countTargets(client: pg.Client, tables: readonly PostgresTable[]): AsyncGenerator<ReadonlyMap<string, Count>, void> {
  for (const group of await groupBySize(client, tables)) {
    const together = group.length > 1 ? await attempt(client, () => countGroup(client, group)) : null
    if (together && 'value' in together) yield together.value
    else for (const table of group) yield new Map([[table.name, await countAlone(client, table)]])
  }
}

async function groupBySize(client: pg.Client, tables: readonly PostgresTable[]): Promise<readonly (readonly PostgresTable[])[]> {
  const sizes = await readSizes(client, tables)
  const groups: PostgresTable[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const table of tables) {
    const size = sizes.get(table.name) ?? mostBytesTogether
    const last = groups.at(-1)
    if (last && last.length < mostTogether && bytes + size <= mostBytesTogether) {
      last.push(table)
      bytes += size
    } else {
      groups.push([table])
      bytes = size
    }
  }
  return groups
}

const sized = z.array(z.object({ name: z.string(), bytes: z.string().nullable() }))

async function readSizes(client: pg.Client, tables: readonly PostgresTable[]): Promise<ReadonlyMap<string, number>> {
  const schema = tables[0]?.schema
  if (schema === undefined) return new Map()
  const { rows } = await client.query(
    `SELECT relname AS name, pg_relation_size(oid)::text AS bytes FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = 'r'`,
    [quoteName(schema)],
  )
  return new Map(sized.parse(rows).flatMap(({ name, bytes }) => (bytes === null ? [] : [[name, Number(bytes)] as const])))
}

const one = z.tuple([z.object({ rows: z.string() })])
const several = z.array(z.object({ place: z.number(), rows: z.string() }))

async function countGroup(client: pg.Client, group: readonly PostgresTable[]): Promise<ReadonlyMap<string, Count>> {
  const parts = group.map(
    ({ schema, name }, place) => `SELECT ${place} AS place, count(*)::text AS rows FROM ${qualifiedName(schema, name)}`,
  )
  const { rows } = await client.query(parts.join(' UNION ALL '))
  const counts = new Map(several.parse(rows).map(({ place, rows: count }) => [place, Number(count)]))
  return new Map(group.map(({ name }, place) => [name, requireCount(counts.get(place))]))
}

function requireCount(rows: number | undefined): Count {
  if (rows === undefined) throw new Error('The server did not answer with a count of each table.')
  return { rows }
}

async function countAlone(client: pg.Client, { schema, name }: PostgresTable): Promise<Count> {
  const sql = `SELECT count(*)::text AS rows FROM ${qualifiedName(schema, name)}`
  const counted = await attempt(client, async () => one.parse((await client.query(sql)).rows)[0])
  return 'error' in counted ? uncounted('target', toPostgresError(counted.error, name)) : { rows: Number(counted.value.rows) }
}

/** A failed statement would end the snapshot's transaction; a savepoint keeps it. */
async function attempt<T>(client: pg.Client, ask: () => Promise<T>): Promise<{ readonly value: T } | { readonly error: unknown }> {
  await client.query('SAVEPOINT count_tables')
  try {
    const value = await ask()
    await client.query('RELEASE SAVEPOINT count_tables')
    return { value }
  } catch (error) {
    await client.query('ROLLBACK TO SAVEPOINT count_tables')
    return { error }
  }
}
