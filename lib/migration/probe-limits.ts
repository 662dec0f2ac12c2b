import type pg from 'pg'
import { z } from 'zod'
import type { PostgresCatalogue, PostgresColumn, PostgresIndex, PostgresTable, SqliteCatalogue, SqliteTable } from '@/lib/core/catalogue'
import { createFinding, type Finding } from '@/lib/core/finding'
import { qualifiedName, quoteName, quoteText, type SafeSql, safeSql } from '@/lib/core/quoted-name'
import { sqlStateOf } from '@/lib/postgres/connect'
import { schemaMigrationsTable, valueKindOf } from '@/lib/schema/map-tables'
import { convertValue } from '@/lib/sqlite/values/convert-value'
import { type RawValue, shapeOf } from '@/lib/sqlite/values/raw-value'
import { sumAll } from '@/lib/sqlite/values/sql-text'
import { keyFields, readKeys, selectList } from './row-keys'

/** Runs a statement on the source and answers its rows. */
export type AskSource = (sql: SafeSql) => Promise<readonly Record<string, unknown>[]>

/** Something of the target that has a limit in bytes: an index, or the row of a very wide table. */
interface Limit {
  readonly table: SqliteTable
  readonly target: PostgresTable
  readonly columns: readonly PostgresColumn[]
  /** Null for the row itself. */
  readonly index: PostgresIndex | null
  /** Bytes of a row as SQL of the source, and from how many on the server is asked. */
  readonly size: SafeSql
  readonly from: number
}

/** An entry of a btree may have 2,704 bytes, compressed; what has fewer than this uncompressed surely fits. */
const askedIndexBytes = 2000
/** PostgreSQL's compression does not reach the ratio that a longer value would need. */
const hopelessIndexBytes = 300_000
/** A row must fit into a page of 8 KiB when each long value has become a pointer of 18 bytes; 400 columns always do. */
const askedColumns = 400
const askedRowBytes = 7000
/** The longest rows come first; when this many of them fit, so do the shorter ones, as a rule. */
const mostRows = 5000
const pageRows = 100

const lengthy = /^(text|varchar|bpchar|citext|bytea|jsonb)$/

/**
 * Values that are too long for an index of the target, and rows too wide for a page of it: limits that PostgreSQL finds
 * only when it is too late. What may be too long is tried on the server itself, since it compresses first, in temporary
 * tables of the caller's transaction.
 */
export async function probeLimits(
  client: pg.Client,
  source: SqliteCatalogue,
  target: PostgresCatalogue,
  ask: AskSource,
): Promise<readonly Finding[]> {
  const limits = source.tables.flatMap((table) => limitsOf(table, target, source.encoding !== 'UTF-8'))
  if (limits.length === 0) return []
  const questions = limits.map(
    (limit, number) =>
      safeSql`SELECT ${number} AS number WHERE EXISTS (SELECT 1 FROM ${quoteName(limit.table.name)} AS t WHERE ${limit.size} > ${limit.from})`,
  )
  const exceeded: number[] = []
  // SQLite takes 500 parts of a compound SELECT.
  for (let from = 0; from < questions.length; from += 400) {
    const rows = await ask(questions.slice(from, from + 400).join(' UNION ALL ') as SafeSql)
    exceeded.push(
      ...z
        .array(z.object({ number: z.number() }))
        .parse(rows)
        .map(({ number }) => number),
    )
  }
  const findings: Finding[] = []
  for (const number of exceeded) {
    const limit = limits[number]
    const finding = limit && (await probe(client, limit, ask))
    if (finding) findings.push(finding)
  }
  return findings
}

function limitsOf(table: SqliteTable, catalogue: PostgresCatalogue, isUtf16: boolean): readonly Limit[] {
  const target = catalogue.tables.find(({ name }) => name === table.name)
  if (!target || table.name === schemaMigrationsTable) return []
  const present = target.columns.filter(({ name }) => table.columns.some((column) => column.name === name))
  const indexes = target.indexes.flatMap((index): Limit[] => {
    if (!index.definition.includes(' USING btree ')) return []
    const columns = present.filter((column) => isPartOf(index, column))
    const long = columns.filter((column) => lengthy.test(column.typeName) && (column.maxLength ?? Number.POSITIVE_INFINITY) > 400)
    if (long.length === 0) return []
    // Two bytes of UTF-16 are up to three of UTF-8.
    return [{ table, target, columns, index, size: bytesOf(long), from: isUtf16 ? (askedIndexBytes * 2) / 3 : askedIndexBytes }]
  })
  const row =
    present.length <= askedColumns ? [] : [{ table, target, columns: present, index: null, size: rowBytes(present), from: askedRowBytes }]
  return [...indexes, ...row]
}

/** Whether an index is over the column, or names it in an expression. */
function isPartOf({ columns, definition }: PostgresIndex, { name }: PostgresColumn): boolean {
  return columns.includes(name) || (columns.includes(null) && definition.includes(name))
}

function bytesOf(columns: readonly PostgresColumn[]): SafeSql {
  return sumAll(columns.map(({ name }) => safeSql`ifnull(octet_length(t.${quoteName(name)}), 0)`)) as SafeSql
}

/** About the least that a row takes: long values leave 18 bytes behind in it. */
function rowBytes(columns: readonly PostgresColumn[]): SafeSql {
  const sizes = columns.map(({ name, typeName }) => {
    const value = safeSql`t.${quoteName(name)}`
    const fixed = { bool: 1, int2: 2, int4: 4, date: 4, float4: 4, uuid: 16 }[typeName]
    const size = lengthy.test(typeName) || typeName === 'numeric' ? safeSql`min(18, 1 + octet_length(${value}))` : safeSql`${fixed ?? 8}`
    return safeSql`CASE WHEN ${value} IS NULL THEN 0 ELSE ${size} END`
  })
  return sumAll(sizes) as SafeSql
}

async function probe(client: pg.Client, limit: Limit, ask: AskSource): Promise<Finding | null> {
  const insert = await makeProbe(client, limit)
  if (insert === null) return null
  const fields = keyFields(limit.table, safeSql`t`)
  const keys: Readonly<Record<string, string>>[] = []
  let count = 0
  let shape: string | null = null
  try {
    for (let offset = 0; offset < mostRows && keys.length < 10; offset += pageRows) {
      const rows = await ask(candidateSql(limit, selectList(fields), offset))
      const names = readKeys(fields, rows)
      for (const [place, row] of rows.entries()) {
        const values = readValues(limit, row)
        if (!(await isTooLong(client, insert, limit, values, Number(row.size)))) continue
        count += 1
        shape ??= limit.index === null ? `row of ${limit.columns.length} columns` : shapeOf(longest(values))
        const key = names[place]
        if (key && fields.length > 0 && keys.length < 10) keys.push(key)
      }
      if (rows.length < pageRows) break
    }
  } finally {
    await client.query('DROP TABLE IF EXISTS pg_temp.bascule_probe')
  }
  return count === 0 ? null : finding(limit, count, keys, shape)
}

/** The empty temporary table with the one index; answers the INSERT, or null where the server does not take the index so. */
async function makeProbe(client: pg.Client, { target, columns, index }: Limit): Promise<string | null> {
  await client.query('SAVEPOINT bascule_probe')
  try {
    await client.query(`CREATE TEMP TABLE bascule_probe (LIKE ${qualifiedName(target.schema, target.name)})`)
    const required = target.columns.filter(({ nullable }) => !nullable).map(({ name }) => `ALTER ${quoteName(name)} DROP NOT NULL`)
    if (required.length > 0) await client.query(`ALTER TABLE pg_temp.bascule_probe ${required.join(', ')}`)
    if (index) {
      const method = index.definition.indexOf(' USING btree ')
      await client.query(`CREATE INDEX ON pg_temp.bascule_probe${index.definition.slice(method)}`)
    }
    await client.query('RELEASE SAVEPOINT bascule_probe')
    const names = columns.map(({ name }) => quoteName(name))
    const values = columns.map(({ type }, position) => `$${position + 1}::text::${type}`)
    return `INSERT INTO pg_temp.bascule_probe (${names.join(', ')}) VALUES (${values.join(', ')})`
  } catch (error) {
    await client.query('ROLLBACK TO SAVEPOINT bascule_probe')
    if (sqlStateOf(error) === undefined) throw error
    return null
  }
}

function candidateSql({ table, columns, size, from, index }: Limit, keys: SafeSql, offset: number): SafeSql {
  const values = columns.map(({ name }) => {
    const value = safeSql`t.${quoteName(name)}`
    // What is hopeless is not even fetched; the server would be asked in vain.
    const whole = index ? safeSql`${size} <= ${hopelessIndexBytes}` : safeSql`octet_length(${value}) <= ${askedRowBytes}`
    const text = safeSql`CASE WHEN NOT (${whole}) THEN substr(${value}, 1, 2000) WHEN typeof(${value}) = 'blob' THEN hex(${value}) ELSE CAST(${value} AS TEXT) END`
    return safeSql`typeof(${value}), ${text}`
  })
  const chunks = Array.from({ length: chunksOf(columns) }, (_, chunk) => {
    const part = values.slice(chunk * columnsPerChunk, (chunk + 1) * columnsPerChunk).join(', ') as SafeSql
    return safeSql`json_array(${part}) AS ${quoteName(`values ${chunk}`)}`
  }).join(', ') as SafeSql
  return safeSql`SELECT ${keys}, ${size} AS size, ${chunks} FROM ${quoteName(table.name)} AS t
    WHERE ${size} > ${from} ORDER BY size DESC LIMIT ${pageRows} OFFSET ${offset}`
}

/** SQLite takes 1,000 arguments to a function and answers 2,000 columns: the values come in a few arrays. */
const columnsPerChunk = 300

function chunksOf(columns: readonly unknown[]): number {
  return Math.ceil(columns.length / columnsPerChunk)
}

const chunkSchema = z.array(z.string().nullable())

function readValues({ columns }: Limit, row: Record<string, unknown>): readonly RawValue[] {
  const flat = Array.from({ length: chunksOf(columns) }, (_, chunk) => chunkSchema.parse(JSON.parse(String(row[`values ${chunk}`])))).flat()
  return columns.map((_, index) => rawValue(flat[index * 2], flat[index * 2 + 1]))
}

function rawValue(storageClass: unknown, text: unknown): RawValue {
  if (typeof text !== 'string') return null
  if (storageClass === 'integer') return BigInt(text)
  if (storageClass === 'real') return Number(text)
  return storageClass === 'blob' ? Buffer.from(text, 'hex') : text
}

function longest(values: readonly RawValue[]): RawValue {
  const length = (value: RawValue) => (typeof value === 'string' || Buffer.isBuffer(value) ? value.length : 0)
  return values.reduce((one, other) => (length(other) > length(one) ? other : one), null)
}

/** Whether the server refuses the row for its size; what it refuses for another reason has a finding of its own. */
async function isTooLong(
  client: pg.Client,
  insert: string,
  { columns, index }: Limit,
  values: readonly RawValue[],
  size: number,
): Promise<boolean> {
  if (index && size > hopelessIndexBytes) return true
  const texts = values.map((raw, position) => {
    const column = columns[position]
    const value = column && valueKindOf(column)
    if (raw === null || !column || !value) return null
    const conversion = convertValue(raw, { value, sourceType: '' }, null)
    return conversion.status === 'converted' ? conversion.text : null
  })
  await client.query('SAVEPOINT bascule_probe')
  try {
    await client.query(insert, texts)
    await client.query('RELEASE SAVEPOINT bascule_probe')
    return false
  } catch (error) {
    await client.query('ROLLBACK TO SAVEPOINT bascule_probe')
    if (sqlStateOf(error) === undefined) throw error
    return sqlStateOf(error) === '54000'
  }
}

function finding(
  { table, index, columns }: Limit,
  count: number,
  keys: readonly Readonly<Record<string, string>>[],
  shape: string | null,
): Finding {
  const rows = { table: table.name, key: keys[0] ?? null, sampleKeys: [...keys], count, shape, severity: 'blocks' as const }
  const many = count === 1 ? '1 row' : `${count === 10 ? 'at least 10' : count} rows`
  if (index === null) {
    return createFinding({
      ...rows,
      code: 'ROW_TOO_WIDE',
      message: `In ${table.name}, ${many}: too many columns have a value for a page of PostgreSQL (8,160 bytes a row, long values left out).`,
      hint: 'Split the table in the source, or gather columns that belong together into one of JSON.',
    })
  }
  return createFinding({
    ...rows,
    code: 'INDEX_VALUE_TOO_LONG',
    column: columns.map(({ name }) => name).join(', '),
    params: { index: index.name, columns: columns.map(({ name }) => name).join(', '), unique: index.unique ? 'yes' : 'no' },
    message: `In ${table.name}, ${many}: longer than an index of PostgreSQL can hold (2,704 bytes, compressed), and ${index.name} is over ${quoteText(columns.map(({ name }) => name).join(', '))}.`,
    hint: `Shorten these values, or drop the index (${index.unique ? '@unique, @@unique or @id' : '@@index'} in the data model), or make one over a digest of the value.`,
  })
}
