import { z } from 'zod'
import type { SqliteTable } from '@/lib/core/catalogue'
import { qualifiedName, quoteName } from '@/lib/core/quoted-name'
import type { ColumnMapping, TableMapping } from '@/lib/core/table-mapping'
import { type PrintedKey, type RowCondition, sourceCondition, targetCondition } from './find-row'
import type { ComparedValue, InspectedValue } from './inspected-value'
import type { Inspection } from './inspection'

/** Bytes shown of a value, and how many of them stand before the first difference. */
const windowBytes = 256
const beforeBytes = 48
/** Bytes compared at once, and at most, while the first difference of two long values is looked for. */
const stepBytes = 1024 * 1024
const mostBytes = 256 * stepBytes

/**
 * The values of one row on both sides, as each stores them: the first 256 bytes, or where they differ the bytes around the
 * first difference. Long values are read in pieces, so that memory does not grow with them.
 *
 * @param columns those to show; default: all
 */
export async function readValues(
  inspection: Inspection,
  table: SqliteTable,
  mapping: TableMapping,
  key: PrintedKey,
  columns: readonly string[] | null = null,
): Promise<readonly ComparedValue[]> {
  const wanted = mapping.columns.filter(({ name }) => columns === null || columns.includes(name))
  const source = sourceCondition(inspection.db, table, mapping, key)
  const target = targetCondition(mapping, key)
  const values: ComparedValue[] = []
  for (const column of wanted) {
    const left = source && sourceSide(inspection, mapping, column, source)
    const right = target && targetSide(inspection, mapping, column, target)
    values.push(await compareSides(column.name, left, right))
  }
  return values
}

/** Reads one value in pieces. */
interface Side {
  readonly head: () => Promise<{ readonly type: string; readonly lengthBytes: number; readonly isText: boolean } | null>
  /** From byte `from` (0-based), at most `bytes`. */
  readonly piece: (from: number, bytes: number) => Promise<Buffer>
}

async function compareSides(column: string, left: Side | null, right: Side | null): Promise<ComparedValue> {
  const one = left && (await left.head())
  const other = right && (await right.head())
  const difference =
    left && right && one && other && one.type !== 'NULL' && other.type !== 'NULL'
      ? await firstDifference(left, one.lengthBytes, right, other.lengthBytes)
      : null
  const show = async (side: Side | null, head: typeof one): Promise<InspectedValue | null> => {
    if (!side || !head) return null
    if (head.type === 'NULL') return { type: 'NULL', form: 'null', lengthBytes: 0, from: 0, same: '', rest: '', isCut: false }
    const from =
      difference === null || head.lengthBytes <= windowBytes ? 0 : Math.max(0, Math.min(difference, head.lengthBytes) - beforeBytes)
    const bytes = await side.piece(from, windowBytes)
    const split = difference === null ? bytes.length : Math.max(0, Math.min(bytes.length, difference - from))
    const print = (part: Buffer) => (head.isText ? part.toString('utf8') : part.toString('hex'))
    return {
      type: head.type,
      form: head.isText ? 'text' : 'hex',
      lengthBytes: head.lengthBytes,
      from,
      same: print(bytes.subarray(0, split)),
      rest: print(bytes.subarray(split)),
      isCut: from + bytes.length < head.lengthBytes,
    }
  }
  return { column, source: await show(left, one), target: await show(right, other), firstDifference: difference }
}

async function firstDifference(left: Side, leftBytes: number, right: Side, rightBytes: number): Promise<number | null> {
  const shorter = Math.min(leftBytes, rightBytes, mostBytes)
  for (let from = 0; from < shorter; from += stepBytes) {
    const [one, other] = await Promise.all([left.piece(from, stepBytes), right.piece(from, stepBytes)])
    const length = Math.min(one.length, other.length)
    for (let at = 0; at < length; at++) if (one[at] !== other[at]) return from + at
  }
  return leftBytes === rightBytes ? null : Math.min(leftBytes, rightBytes)
}

const sourceHead = z.object({ type: z.string(), bytes: z.number().nullable() }).optional()

function sourceSide({ db }: Inspection, mapping: TableMapping, { name, value }: ColumnMapping, condition: RowCondition): Side {
  const column = quoteName(name)
  const from = `FROM ${quoteName(mapping.table)} WHERE ${condition.sql} LIMIT 1`
  // A REAL as its shortest exact digits: SQLite's own text has 15 of them.
  const shown = `CASE typeof(${column}) WHEN 'real' THEN CAST(bascule_real(${column}) AS BLOB) ELSE CAST(${column} AS BLOB) END`
  db.function('bascule_real', { deterministic: true }, (real: unknown) => String(real))
  return {
    head: async () => {
      const row = sourceHead.parse(
        db.prepare(`SELECT upper(typeof(${column})) AS type, octet_length(${shown}) AS bytes ${from}`).get(...condition.params),
      )
      return row ? { type: row.type, lengthBytes: row.bytes ?? 0, isText: row.type !== 'BLOB' || value.kind === 'text' } : null
    },
    piece: async (at, bytes) => {
      const found = db
        .prepare(`SELECT substr(${shown}, ?, ?) ${from}`)
        .pluck()
        .get(at + 1, bytes, ...condition.params)
      return z.instanceof(Buffer).nullable().parse(found) ?? Buffer.alloc(0)
    },
  }
}

const targetHead = z.object({ type: z.string(), bytes: z.string().nullable() })

function targetSide({ client }: Inspection, mapping: TableMapping, { name, value }: ColumnMapping, condition: RowCondition): Side {
  const column = quoteName(name)
  const from = `FROM ${qualifiedName(mapping.targetSchema, mapping.table)} WHERE ${condition.sql} LIMIT 1`
  const isBytes = value.kind === 'bytes'
  const shown = isBytes ? column : `convert_to(${column}::text, 'UTF8')`
  return {
    head: async () => {
      const sql = `SELECT CASE WHEN ${column} IS NULL THEN 'NULL' ELSE pg_typeof(${column})::text END AS type, octet_length(${shown})::text AS bytes ${from}`
      const { rows } = await client.query(sql, [...condition.params])
      const row = z.array(targetHead).parse(rows)[0]
      return row ? { type: row.type, lengthBytes: Number(row.bytes ?? 0), isText: !isBytes } : null
    },
    piece: async (at, bytes) => {
      const { rows } = await client.query(`SELECT substring(${shown} FROM ${at + 1} FOR ${bytes}) AS piece ${from}`, [...condition.params])
      return z.array(z.object({ piece: z.instanceof(Buffer).nullable() })).parse(rows)[0]?.piece ?? Buffer.alloc(0)
    },
  }
}
