import { z } from 'zod'
import type { PostgresTable } from '@/lib/core/catalogue'
import { qualifiedName, quoteName } from '@/lib/core/quoted-name'
import type { TableMapping } from '@/lib/core/table-mapping'
import { sqlStateOf } from '@/lib/postgres/connect'
import { readCursor, writeCursor } from './browse-cursor'
import type { BrowseOptions, SidePage } from './browse-options'
import { targetCells, targetCellsSql } from './browsed-cells'
import type { Cell } from './browsed-rows'
import { canonicalTarget } from './canonical-value'
import { advanceRow } from './comparison'
import { copyOut } from './copy-out'
import { type PrintedKey, targetParam } from './find-row'
import type { Inspection } from './inspection'
import { printKeyValue } from './print-key'
import { keyParts } from './row-order'
import { splitSearch } from './search-key'
import { fieldSql } from './target-row-sql'
import { TargetRows } from './target-rows'

type Client = Pick<Inspection, 'client'>

const rowSchema = z.array(z.union([z.string(), z.number(), z.null()]))
type Row = z.infer<typeof rowSchema>

/** By the key, and a table without one in storage order. Each page begins where the last ended, found by the key's own index. */
export async function targetPage({ client }: Client, mapping: TableMapping, options: BrowseOptions): Promise<SidePage> {
  const order = mapping.primaryKey.length > 0 ? mapping.primaryKey.map((name) => `t.${quoteName(name)}`) : ['t.ctid']
  const params: unknown[] = []
  const param = (value: unknown) => `$${params.push(value)}`
  const conditions = splitSearch(mapping, options.key).map(({ part, text, isLast }) => {
    const name = `t.${quoteName(part.name)}`
    if (part.directClass === 'text' && isLast) return `starts_with(${name}::text, ${param(text)})`
    return `${name} = ${param(targetParam(part, part.directClass === 'blob' ? text.replace(/^\\?x?/i, 'x') : text))}`
  })
  const after = readCursor(options.after, order.length)
  if (after) conditions.push(`(${order.join(', ')}) > (${after.map((value) => param(value)).join(', ')})`)
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
  const fields = [...order.map((name) => `${name}::text`), 't.ctid::text', ...targetCellsSql(mapping)]
  const sql = `SELECT ${fields.join(', ')} FROM ${qualifiedName(mapping.targetSchema, mapping.table)} AS t${where} ORDER BY ${order.join(', ')} LIMIT ${options.limit + 1}`
  // What was searched for may be no value of the column's type: then nothing has it.
  const found = (await readRows(client, sql, params)) ?? []
  const shown = found.slice(0, options.limit)
  const places = shown.map((row) => String(row[order.length]))
  const printed = await printTargetKeys({ client }, mapping, places)
  const rows = shown.map((row, at) => ({
    key: printed[at] ?? { ctid: places[at] ?? '' },
    cells: targetCells(mapping, row.slice(order.length + 1)),
  }))
  const last = shown.at(-1)?.slice(0, order.length)
  return { rows, next: found.length > options.limit && last ? writeCursor(last) : null }
}

/** The rows of these keys, in their order; null where there is none, undefined in a table without a key. One question for all. */
export async function targetRows(
  { client }: Client,
  mapping: TableMapping,
  table: PostgresTable | undefined,
  keys: readonly PrintedKey[],
): Promise<readonly (Cell[] | null | undefined)[]> {
  const parts = keyParts(mapping)
  const types = parts?.map((part) => table?.columns.find(({ name }) => name === part.name)?.type) ?? []
  if (!parts || keys.length === 0 || types.includes(undefined)) return keys.map(() => undefined)
  const lists = parts.map((part) => keys.map((key) => targetParam(part, key[part.name] ?? '')))
  const found = await readRowsOf(
    client,
    mapping,
    parts.map(({ name }) => name),
    types.map(String),
    lists,
  )
  if (found) return keys.map((_, at) => found.get(at) ?? null)
  // One of the keys is no value of the column's type ("unreadable"): the others are asked for one by one.
  const single: (Cell[] | null)[] = []
  for (const at of keys.keys()) {
    const one = lists.map((list) => list.slice(at, at + 1))
    single.push(
      (
        await readRowsOf(
          client,
          mapping,
          parts.map(({ name }) => name),
          types.map(String),
          one,
        )
      )?.get(0) ?? null,
    )
  }
  return single
}

async function readRowsOf(
  client: Inspection['client'],
  mapping: TableMapping,
  names: readonly string[],
  types: readonly string[],
  lists: readonly (readonly string[])[],
): Promise<ReadonlyMap<number, Cell[]> | null> {
  const wanted = names.map((_, at) => `w${at}`)
  const on = names.map((name, at) => `t.${quoteName(name)} = w${at}::${types[at]}`).join(' AND ')
  const sql = `SELECT place::int, ${targetCellsSql(mapping).join(', ')}
    FROM unnest(${names.map((_, at) => `$${at + 1}::text[]`).join(', ')}) WITH ORDINALITY AS w(${[...wanted, 'place'].join(', ')})
    JOIN ${qualifiedName(mapping.targetSchema, mapping.table)} AS t ON ${on}`
  const rows = await readRows(client, sql, lists)
  return rows && new Map(rows.map(([place, ...fields]) => [Number(place) - 1, targetCells(mapping, fields)]))
}

/** Null where a parameter is no value of its type; the transaction can be used on. */
async function readRows(client: Inspection['client'], sql: string, values: readonly unknown[]): Promise<readonly Row[] | null> {
  await client.query('SAVEPOINT browse')
  try {
    const { rows } = await client.query({ text: sql, values: [...values], rowMode: 'array' })
    return z.array(rowSchema).parse(rows)
  } catch (error) {
    await client.query('ROLLBACK TO SAVEPOINT browse')
    if (sqlStateOf(error)?.startsWith('22')) return null
    throw error
  }
}

/** The keys of these rows as the comparison prints them; empty for a table without a key. */
async function printTargetKeys({ client }: Client, mapping: TableMapping, places: readonly string[]): Promise<readonly PrintedKey[]> {
  const parts = keyParts(mapping)
  if (!parts || places.length === 0) return []
  const columns = parts.flatMap((part) => mapping.columns[part.column] ?? [])
  // ctids are the server's own: digits, a comma, parentheses.
  const list = places.filter((place) => /^\(\d+,\d+\)$/.test(place)).map((place) => `'${place}'::tid`)
  const sql = `COPY (SELECT ${columns.map(fieldSql).join(', ')} FROM unnest(ARRAY[${list.join(', ')}]) WITH ORDINALITY AS bascule_place(bascule_ctid, bascule_order)
    JOIN ${qualifiedName(mapping.targetSchema, mapping.table)} AS t ON t.ctid = bascule_ctid ORDER BY bascule_order) TO STDOUT (FORMAT binary)`
  const rows = new TargetRows(copyOut(client, sql), columns.length)
  const keys: PrintedKey[] = []
  while (await advanceRow(rows)) {
    keys.push(Object.fromEntries(parts.map((part, at) => [part.name, printKeyValue(canonicalTarget(rows.row, at, part.value), part)])))
  }
  await rows.drain()
  return keys
}
