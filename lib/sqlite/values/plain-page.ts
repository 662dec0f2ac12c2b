import type { Database, Statement } from 'better-sqlite3'
import type { ColumnMapping, TableMapping } from '@/lib/core/table-mapping'
import { type CarriedColumn, carriedExpression } from './carried-evidence'
import { copyExpression } from './copy-expression'
import { asBytes } from './copy-line'
import { mostPlainColumns, type PlainField, plainField } from './plain-field'
import { type KeyValue, type RowKey, type RowRange, rangeClause } from './row-range'
import { hasSpecial } from './special-characters'
import { columnReference, joinAll, limitParameter, quoteName, sumAll, tableAlias } from './sql-text'

/** Rows of one statement: COPY lines, the rows that were too large to be among them, and where they end. */
export interface JoinedPage {
  readonly data: Buffer
  readonly rows: number
  readonly largeRows: number
  /** Largest key; null when there was no row. */
  readonly last: KeyValue | null
}

export interface PageReader {
  /** At most `limit` rows of the range, in key order. */
  read(range: RowRange, limit: number): JoinedPage
}

export interface PageSource {
  readonly db: Database
  readonly mapping: TableMapping
  readonly key: Exclude<RowKey, { readonly kind: 'none' }>
  readonly isUtf16: boolean
  /** Rows beyond this are left out of the lines; null where the table is known to have none. */
  readonly largeRowBytes: number | null
  /** Columns for which the check has vouched already. */
  readonly carried: readonly CarriedColumn[]
}

/**
 * Reads pages with as many plain fields as the data allows. Columns that the check has vouched for are plain without more; of the
 * others each page brings its evidence. One whose evidence fails is read again with converters
 * for the columns concerned, and these keep them: what one page holds the next one mostly holds too.
 */
export function createPageReader(source: PageSource): PageReader {
  const columns = source.mapping.columns.filter((column) => !column.generated)
  // Evidence reads every value; where rows may be large, each is first asked for its size instead.
  const isPlain = !source.isUtf16 && source.largeRowBytes === null && columns.length <= mostPlainColumns
  const isRowid = ({ name }: ColumnMapping) => name === source.mapping.rowidColumn
  const known = new Map(
    columns.flatMap((column) => {
      const expression = isPlain ? carriedExpression(column, isRowid(column), source.carried) : null
      return expression === null ? [] : [[column.name, expression] as const]
    }),
  )
  const plain = new Map(
    columns.flatMap((column) => {
      const field = isPlain && !known.has(column.name) ? plainField(column, isRowid(column), false) : null
      return field === null ? [] : [[column.name, field] as const]
    }),
  )
  let query = prepareQuery(source, columns, known, plain)
  return {
    read(range, limit) {
      for (;;) {
        const { page, failed } = query.run(range, limit)
        if (failed.length === 0) return page
        for (const name of failed) plain.delete(name)
        query = prepareQuery(source, columns, known, plain)
      }
    },
  }
}

interface Query {
  /** `failed` names the columns that need their converters; the page is right only when there are none. */
  run(range: RowRange, limit: number): { readonly page: JoinedPage; readonly failed: readonly string[] }
}

function prepareQuery(
  source: PageSource,
  columns: readonly ColumnMapping[],
  known: ReadonlyMap<string, string>,
  plain: ReadonlyMap<string, PlainField>,
): Query {
  const { db, mapping, key, isUtf16 } = source
  const fieldsOfLine = columns.map((column, index) => {
    const vouched = known.get(column.name) ?? plain.get(column.name)?.expression
    const field = vouched ?? copyExpression(column, column.name === mapping.rowidColumn, isUtf16)
    return index === columns.length - 1 ? `(${field})||'\n'` : field
  })
  const line = columns.length === 0 ? "'\n'" : joinAll("'\t'", fieldsOfLine)
  const guarded = source.largeRowBytes === null ? line : `CASE WHEN ${sizeExpression(mapping)}<=${source.largeRowBytes} THEN ${line} END`

  const fields = [...plain].map(([name, field], index) => ({ name, field, as: `v${index}` }))
  const evidence = fields.flatMap(({ field, as }) => field.evidence(as))
  const texts = fields.filter(({ field }) => field.isText)
  const backslash = sumAll(texts.map(({ as }) => `ifnull(max(${as} GLOB '*\\*'),0)`))
  const values = fields.map(({ name, as }) => `,${columnReference(name)} AS ${as}`).join('')

  const statements = new Map<string, Statement>()
  const prepare = (range: RowRange, outer: string): Statement => {
    const clause = rangeClause(key, range)
    const inner = `SELECT ${guarded} AS line, ${key.expressions[0]} AS k${values} FROM ${quoteName(mapping.table)} AS ${tableAlias}${clause.where}${clause.orderBy} LIMIT ${limitParameter}`
    const sql = `SELECT ${outer} FROM (${inner})`
    const known = statements.get(sql) ?? db.prepare(sql).raw().safeIntegers()
    statements.set(sql, known)
    return known
  }
  const lines = `${asBytes("ifnull(group_concat(line,''),'')", isUtf16)},count(line),count(*),max(k),${backslash}`

  return {
    run(range, limit) {
      const params = [...rangeClause(key, range).params, BigInt(limit)]
      // An aggregate without GROUP BY always answers one row; the casts name what the SQL selects.
      const row = prepare(range, [lines, ...evidence].join(',')).get(...params) as [Buffer, bigint, bigint, KeyValue | null, bigint]
      const [data, smallRows, allRows, last, backslashes, ...answers] = row
      const page = { data, rows: Number(smallRows), largeRows: Number(allRows - smallRows), last }
      let at = 0
      const failed = fields.flatMap(({ name, field, as }) => {
        const from = at
        at += field.evidence(as).length
        return field.isPlain(answers.slice(from, at)) ? [] : [name]
      })
      if (failed.length > 0 || texts.length === 0) return { page, failed }
      const isWhole = backslashes === 0n && hasOnlySeparators(data, page.rows, columns.length)
      if (isWhole) return { page, failed }
      const specials = texts.map(({ as }) => `max(${hasSpecial(as)})`).join(',')
      const found = prepare(range, specials).get(...params) as (bigint | null)[]
      const special = texts.filter((_, index) => found[index] === 1n)
      // When none can be named, what was found is not understood: the converters, then, for all of them.
      return { page, failed: (special.length > 0 ? special : texts).map(({ name }) => name) }
    },
  }
}

const tab = 9
const newline = 10
const carriageReturn = 13

/** Whether no value brought a tab or line break of its own. */
function hasOnlySeparators(data: Buffer, rows: number, columns: number): boolean {
  if (data.includes(carriageReturn)) return false
  // Four bytes at a time, at a third of the cost; what is left of them one by one.
  const wordCount = data.byteOffset % 4 === 0 ? data.length >> 2 : 0
  const words = wordCount === 0 ? new Int32Array(0) : new Int32Array(data.buffer, data.byteOffset, wordCount)
  let tabs = 0
  let newlines = 0
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? 0
    const isTab = zeroBytes(word ^ fourTabs)
    const isNewline = zeroBytes(word ^ fourNewlines)
    if ((isTab | isNewline) === 0) continue
    tabs += countMarks(isTab)
    newlines += countMarks(isNewline)
  }
  for (let at = wordCount * 4; at < data.length; at += 1) {
    const byte = data[at]
    if (byte === tab) tabs += 1
    else if (byte === newline) newlines += 1
  }
  return newlines === rows && tabs === rows * (columns - 1)
}

const fourTabs = 0x09090909
const fourNewlines = 0x0a0a0a0a
const lowBits = 0x7f7f7f7f

/** The highest bit of each byte of a word that is zero, and no other bit. */
function zeroBytes(word: number): number {
  return ~(((word & lowBits) + lowBits) | 0 | word | lowBits)
}

/** How many bytes of a word have their highest bit set, where no other bit is. */
function countMarks(word: number): number {
  return Math.imul(word >>> 7, 0x01010101) >>> 24
}

/** Bytes of a row's texts and BLOBs as stored; read from the row's header, not from its overflow pages. */
export function sizeExpression(mapping: TableMapping): string {
  const sized = mapping.columns.filter((column) => !column.generated && column.name !== mapping.rowidColumn)
  return sumAll(sized.map((column) => `ifnull(octet_length(${columnReference(column.name)}),0)`))
}
