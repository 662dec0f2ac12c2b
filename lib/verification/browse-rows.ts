import { to as copyTo } from 'pg-copy-streams'
import { z } from 'zod'
import type { SqliteTable } from '@/lib/core/catalogue'
import { qualifiedName, quoteName, quoteNames } from '@/lib/core/quoted-name'
import type { ColumnMapping, TableMapping } from '@/lib/core/table-mapping'
import { rowidName } from '@/lib/sqlite/count-rows'
import type { BrowsedPage, Cell } from './browsed-rows'
import { canonicalSource, canonicalTarget, type SourceValue } from './canonical-value'
import { advanceRow } from './comparison'
import { type PrintedKey, type RowCondition, sourceCondition, targetCondition } from './find-row'
import { type Inspection, inspectedTable } from './inspection'
import { printKeyValue } from './print-key'
import { keyParts } from './row-order'
import { fieldSql } from './target-row-sql'
import { TargetRows } from './target-rows'

export interface BrowseOptions {
  readonly table: string
  /** The side whose order is followed; the other side's row is looked up by its key. */
  readonly side: 'source' | 'target'
  /** The `next` of the page before. */
  readonly after?: string
  /** Only rows whose first key column is exactly this. */
  readonly key?: string
  readonly limit: number
}

const previewCharacters = 200
const previewBytes = 32
/** A key that SQLite cannot search by its index is looked for in every row: only in tables up to this many. */
const mostScannedRows = 20_000

/** One page of rows, both sides next to each other; long values cut, sensitive ones masked. @throws AppError NOT_FOUND */
export async function browseRows(inspection: Inspection, options: BrowseOptions): Promise<BrowsedPage> {
  const { table, mapping } = inspectedTable(inspection, options.table)
  const target = inspection.target.tables.find(({ name }) => name === options.table)
  const page = options.side === 'source' ? sourcePage(inspection, table, mapping, options) : await targetPage(inspection, mapping, options)
  const rows: BrowsedPage['rows'][number][] = []
  for (const { key, cells } of page.rows) {
    if (options.side === 'source') rows.push({ key, source: cells, target: await targetRow(inspection, mapping, key) })
    else {
      const source = sourceRow(inspection, table, mapping, key)
      rows.push({ key, target: cells, ...(source === undefined ? {} : { source }) })
    }
  }
  return {
    table: options.table,
    columns: mapping.columns.map((column) => ({
      name: column.name,
      sourceType: column.sourceType,
      targetType: target?.columns.find(({ name }) => name === column.name)?.type ?? '',
      isKey: mapping.primaryKey.includes(column.name),
      isMasked: isSensitive(column.name),
    })),
    rows,
    next: page.next,
  }
}

/** Whether what a column holds would let somebody in: hashes, tokens, secrets, keys. */
export function isSensitive(column: string): boolean {
  return /pass(word|wd|phrase)|hash|token|secret|salt|api_?key|private_?key|credential|session_state/i.test(column)
}

interface SidePage {
  readonly rows: readonly { readonly key: PrintedKey; readonly cells: Cell[] }[]
  readonly next: string | null
}

/** In storage order, so that any table pages quickly; a table without rowid by its key. */
function sourcePage({ db }: Inspection, table: SqliteTable, mapping: TableMapping, options: BrowseOptions): SidePage {
  const rowid = rowidName(table)
  const keys = mapping.primaryKey
  const conditions: string[] = []
  const params: unknown[] = []
  const first = keys[0]
  if (options.key !== undefined && first !== undefined) {
    conditions.push(`${quoteName(first)} = ?`)
    params.push(/^-?\d+$/.test(options.key) && mapping.rowidColumn === first ? BigInt(options.key) : options.key)
  }
  const offset = rowid === null && options.after !== undefined ? Number.parseInt(options.after, 10) || 0 : 0
  if (rowid !== null && options.after !== undefined && /^-?\d+$/.test(options.after)) {
    conditions.push(`${rowid} > ?`)
    params.push(BigInt(options.after))
  }
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
  const order = rowid ?? quoteNames(keys)
  const fields = [rowid ?? 'NULL', ...keys.map((name) => quoteName(name)), ...mapping.columns.flatMap((column) => sourceCellSql(column))]
  const sql = `SELECT ${fields.join(', ')} FROM ${quoteName(table.name)}${where} ORDER BY ${order} LIMIT ? OFFSET ?`
  const found = z.array(z.array(z.unknown())).parse(
    db
      .prepare(sql)
      .raw()
      .safeIntegers()
      .all(...params, options.limit + 1, offset),
  )
  const shown = found.slice(0, options.limit)
  const parts = keyParts(mapping)
  const rows = shown.map((row) => ({
    key: parts
      ? Object.fromEntries(
          parts.map((part) => {
            const place = 1 + keys.indexOf(part.name)
            // What better-sqlite3 answers is what a column of SQLite can hold.
            return [part.name, printKeyValue(canonicalSource(row[place] as SourceValue, part.value), part)]
          }),
        )
      : { rowid: String(row[0]) },
    cells: mapping.columns.map((column, at) => sourceCell(column, row.slice(1 + keys.length + at * 3, 4 + keys.length + at * 3))),
  }))
  const next = found.length <= options.limit ? null : rowid === null ? String(offset + options.limit) : String(shown.at(-1)?.[0])
  return { rows, next }
}

async function targetPage({ client }: Inspection, mapping: TableMapping, options: BrowseOptions): Promise<SidePage> {
  const keys = mapping.primaryKey
  const offset = options.after === undefined ? 0 : Number.parseInt(options.after, 10) || 0
  const first = keys[0]
  const isSearched = options.key !== undefined && first !== undefined
  const where = isSearched ? ` WHERE ${quoteName(first)} = $1` : ''
  const order = keys.length > 0 ? quoteNames(keys) : 'ctid'
  const name = qualifiedName(mapping.targetSchema, mapping.table)
  const sql = `SELECT ctid::text AS "_bascule_ctid", ${targetCells(mapping)} FROM ${name}${where} ORDER BY ${order} LIMIT ${options.limit + 1} OFFSET ${offset}`
  await client.query('SAVEPOINT browse')
  let found: z.infer<typeof targetRowSchema>[]
  try {
    const result = await client.query({ text: sql, values: isSearched ? [options.key] : [], rowMode: 'array' })
    found = z.array(targetRowSchema).parse(result.rows)
  } catch (error) {
    await client.query('ROLLBACK TO SAVEPOINT browse')
    // What was searched for is no value of the column's type: nothing has it.
    if (isSearched && error instanceof Error && 'code' in error && /^22/.test(String(error.code))) return { rows: [], next: null }
    throw error
  }
  const shown = found.slice(0, options.limit)
  const places = shown.map(([ctid]) => String(ctid))
  const printed = await printTargetKeys({ client }, mapping, places)
  const rows = shown.map((row, at) => ({ key: printed[at] ?? { ctid: places[at] ?? '' }, cells: cellsOf(mapping, row.slice(1)) }))
  return { rows, next: found.length > options.limit ? String(offset + options.limit) : null }
}

const targetRowSchema = z.array(z.union([z.string(), z.number(), z.null()]))

async function targetRow({ client }: Inspection, mapping: TableMapping, key: PrintedKey): Promise<Cell[] | null> {
  const condition = targetCondition(mapping, key)
  if (!condition) return null
  const sql = `SELECT ${targetCells(mapping)} FROM ${qualifiedName(mapping.targetSchema, mapping.table)} WHERE ${condition.sql} LIMIT 1`
  const result = await client.query({ text: sql, values: [...condition.params], rowMode: 'array' })
  const row = z.array(targetRowSchema).parse(result.rows)[0]
  return row ? cellsOf(mapping, row) : null
}

/** Undefined where the key could only be found by reading a large table through. */
function sourceRow({ db }: Inspection, table: SqliteTable, mapping: TableMapping, key: PrintedKey): Cell[] | null | undefined {
  const parts = keyParts(mapping)
  if (parts?.some(({ directClass }) => directClass === null)) {
    const rows = z.number().parse(
      db
        .prepare(`SELECT count(*) FROM (SELECT 1 FROM ${quoteName(table.name)} LIMIT ${mostScannedRows + 1})`)
        .pluck()
        .get(),
    )
    if (rows > mostScannedRows) return undefined
  }
  const condition: RowCondition | null = sourceCondition(db, table, mapping, key)
  if (!condition) return null
  const fields = mapping.columns.flatMap((column) => sourceCellSql(column))
  const sql = `SELECT ${fields.join(', ')} FROM ${quoteName(table.name)} WHERE ${condition.sql} LIMIT 1`
  const row = z
    .array(z.unknown())
    .optional()
    .parse(
      db
        .prepare(sql)
        .raw()
        .safeIntegers()
        .get(...condition.params),
    )
  return row ? mapping.columns.map((column, at) => sourceCell(column, row.slice(at * 3, at * 3 + 3))) : null
}

/** Storage class, length, and the beginning. */
function sourceCellSql({ name }: ColumnMapping): readonly string[] {
  const column = quoteName(name)
  return [
    `typeof(${column})`,
    `octet_length(${column})`,
    `CASE typeof(${column}) WHEN 'text' THEN substr(${column}, 1, ${previewCharacters}) WHEN 'blob' THEN substr(${column}, 1, ${previewBytes}) ELSE ${column} END`,
  ]
}

function sourceCell(column: ColumnMapping, [storage, length, value]: readonly unknown[]): Cell {
  const lengthBytes = Number(length ?? 0)
  if (storage === 'null') return { form: 'null', text: '', lengthBytes: 0, isCut: false }
  if (isSensitive(column.name)) return { form: 'masked', text: '', lengthBytes, isCut: false }
  if (Buffer.isBuffer(value)) return { form: 'hex', text: value.toString('hex'), lengthBytes, isCut: lengthBytes > previewBytes }
  const text = String(value)
  return {
    form: 'text',
    text,
    lengthBytes,
    isCut: storage === 'text' && text.length >= previewCharacters && Buffer.byteLength(text) < lengthBytes,
  }
}

/** Length and beginning of each column, in turns. */
function targetCells(mapping: TableMapping): string {
  return mapping.columns
    .flatMap(({ name, value }) => {
      const column = quoteName(name)
      return value.kind === 'bytes'
        ? [`octet_length(${column})`, `encode(substring(${column} FROM 1 FOR ${previewBytes}), 'hex')`]
        : [`octet_length(${column}::text)`, `left(${column}::text, ${previewCharacters})`]
    })
    .join(', ')
}

function cellsOf(mapping: TableMapping, values: readonly (string | number | null)[]): Cell[] {
  return mapping.columns.map((column, at) => {
    const [length, shown] = [values[at * 2] ?? null, values[at * 2 + 1] ?? null]
    const lengthBytes = Number(length ?? 0)
    if (shown === null) return { form: 'null', text: '', lengthBytes: 0, isCut: false }
    if (isSensitive(column.name)) return { form: 'masked', text: '', lengthBytes, isCut: false }
    const text = String(shown)
    if (column.value.kind === 'bytes') return { form: 'hex', text, lengthBytes, isCut: lengthBytes > previewBytes }
    return { form: 'text', text, lengthBytes, isCut: Buffer.byteLength(text) < lengthBytes }
  })
}

/** The keys of these rows as the comparison prints them; empty for a table without a key. */
async function printTargetKeys(
  { client }: Pick<Inspection, 'client'>,
  mapping: TableMapping,
  places: readonly string[],
): Promise<readonly PrintedKey[]> {
  const parts = keyParts(mapping)
  if (!parts || places.length === 0) return []
  const columns = parts.flatMap((part) => mapping.columns[part.column] ?? [])
  // ctids are the server's own: digits, a comma, parentheses.
  const list = places.filter((place) => /^\(\d+,\d+\)$/.test(place)).map((place) => `'${place}'::tid`)
  const sql = `COPY (SELECT ${columns.map(fieldSql).join(', ')} FROM unnest(ARRAY[${list.join(', ')}]) WITH ORDINALITY AS bascule_place(bascule_ctid, bascule_order)
    JOIN ${qualifiedName(mapping.targetSchema, mapping.table)} AS t ON t.ctid = bascule_ctid ORDER BY bascule_order) TO STDOUT (FORMAT binary)`
  const rows = new TargetRows(client.query(copyTo(sql)), columns.length)
  const keys: PrintedKey[] = []
  while (await advanceRow(rows)) {
    keys.push(Object.fromEntries(parts.map((part, at) => [part.name, printKeyValue(canonicalTarget(rows.row, at, part.value), part)])))
  }
  await rows.drain()
  return keys
}
