import { quoteName } from '@/lib/core/quoted-name'
import type { ColumnMapping, TableMapping, ValueKind } from '@/lib/core/table-mapping'
import { type Canonical, canonicalSource, type SourceValue } from './canonical-value'

/** How both sides bring the rows of a table into one order, by primary key. */
export interface KeyPart {
  readonly name: string
  /** Index of the column in the mapping. */
  readonly column: number
  readonly value: ValueKind
  /** Numbers are ordered as numbers, everything else as bytes. */
  readonly isNumeric: boolean
  /** Storage class that the source's own order suits; null where the order must be computed. */
  readonly directClass: 'integer' | 'text' | 'blob' | null
  /** In PostgreSQL's dialect; the table goes by `t`. */
  readonly targetOrder: string
}

/** The primary key's columns with their order; null where the table has no key, or one with a column left behind. */
export function keyParts(mapping: TableMapping): readonly KeyPart[] | null {
  const parts = mapping.primaryKey.map((name) => {
    const column = mapping.columns.findIndex((candidate) => candidate.name === name)
    const found = mapping.columns[column]
    return found ? keyPart(found, column) : null
  })
  const known = parts.filter((part) => part !== null)
  return known.length > 0 && known.length === parts.length ? known : null
}

function keyPart({ name, value }: ColumnMapping, column: number): KeyPart {
  // Qualified, because ORDER BY takes a bare name for the output column, which may have been cast to text.
  const quoted = `t.${quoteName(name)}`
  const part = { name, column, value }
  switch (value.kind) {
    case 'integer':
      return { ...part, isNumeric: true, directClass: 'integer', targetOrder: quoted }
    case 'text':
    case 'enum':
      // COLLATE "C" orders by UTF-8 bytes, as SQLite's BINARY does.
      return { ...part, isNumeric: false, directClass: 'text', targetOrder: `${quoted}::text COLLATE "C"` }
    case 'uuid':
      return { ...part, isNumeric: false, directClass: null, targetOrder: quoted }
    case 'bytes':
      return { ...part, isNumeric: false, directClass: 'blob', targetOrder: quoted }
    case 'json':
      return { ...part, isNumeric: false, directClass: null, targetOrder: `${quoted}::text COLLATE "C"` }
    case 'boolean':
    case 'float':
    case 'decimal':
    case 'timestamp':
    case 'date':
    case 'time':
      return { ...part, isNumeric: true, directClass: null, targetOrder: quoted }
  }
}

/**
 * What the source's rows are ordered by where its own order does not suit; registered in SQLite as `bascule_order`, which
 * orders numbers by their size and BLOBs by their bytes. Never a text: SQLite compares those in the file's own encoding.
 */
export function orderOf(value: SourceValue, { value: kind }: Pick<KeyPart, 'value'>): number | bigint | Buffer | null {
  return placeOf(canonicalSource(value, kind), kind)
}

/** Which of two keys comes first: negative, zero or positive. Null and unreadable come first, as SQLite has them. */
export function compareKeyValues(one: Canonical, other: Canonical, { value: kind }: Pick<KeyPart, 'value'>): number {
  const left = placeOf(one, kind)
  const right = placeOf(other, kind)
  if (left === null || right === null) return Number(left !== null) - Number(right !== null)
  if (Buffer.isBuffer(left) && Buffer.isBuffer(right)) return Buffer.compare(left, right)
  return left < right ? -1 : left > right ? 1 : 0
}

function placeOf(canonical: Canonical, kind: ValueKind): number | bigint | Buffer | null {
  if (typeof canonical !== 'string') return null
  switch (kind.kind) {
    case 'boolean':
      return canonical === 'true' ? 1 : 0
    case 'float':
      return Buffer.from(canonical, 'hex').readDoubleBE(0)
    // A double would make neighbours of one digits beyond 2^53, and PostgreSQL's integers go no further than a bigint.
    case 'integer':
    case 'decimal':
      return orderedDecimal(canonical)
    case 'timestamp':
    case 'date':
    case 'time':
      return instantOf(canonical)
    case 'bytes':
      return Buffer.from(canonical, 'latin1')
    case 'text':
    case 'enum':
    case 'uuid':
    case 'json':
      return Buffer.from(canonical, 'utf8')
  }
}

const instantParts = /^(?:(\d+)-(\d\d)-(\d\d) ?)?(?:(\d\d):(\d\d):(\d\d)(?:\.(\d+))?)?( BC)?(?: and (\d+) microseconds)?$/

/** Microseconds since 1970 of an instant, day or time of day as canonical-date prints it. */
function instantOf(canonical: string): bigint {
  const beyond = /^beyond every date: (-?\d+)$/.exec(canonical)?.[1]
  if (beyond !== undefined) return BigInt(beyond)
  const match = instantParts.exec(canonical)
  if (!match) throw new Error('An instant was printed in an unknown form.')
  const [, year = '1970', month = '01', day = '01', hours = '0', minutes = '0', seconds = '0', fraction = '', era, finer = '0'] = match
  const date = new Date(0)
  date.setUTCFullYear(era === undefined ? Number(year) : 1 - Number(year), Number(month) - 1, Number(day))
  date.setUTCHours(Number(hours), Number(minutes), Number(seconds), Number(fraction.padEnd(3, '0')))
  return BigInt(date.getTime()) * 1000n + BigInt(finer)
}

/**
 * Bytes that are ordered as the numbers are: the sign, then how many digits stand before the point, then the digits. Of
 * negative numbers all of it is turned round. Infinity and NaN stand where PostgreSQL has them.
 */
function orderedDecimal(canonical: string): Buffer {
  if (canonical === '0') return Buffer.from([2])
  if (!/^-?\d/.test(canonical)) return Buffer.from([canonical === '-Infinity' ? 0 : canonical === 'NaN' ? 5 : 4])
  const isNegative = canonical.startsWith('-')
  const [whole = '', fraction = ''] = canonical.slice(isNegative ? 1 : 0).split('.')
  const digits = (whole + fraction).replace(/^0+/, '')
  const head = Buffer.alloc(4)
  head.writeUInt32BE(0x8000_0000 + digits.length - fraction.length)
  // A digit less is smaller, and when all is turned round larger: the byte behind the last one makes it so.
  const bytes = Buffer.concat([head, Buffer.from(digits.replace(/0+$/, ''), 'latin1'), Buffer.from([0])])
  if (isNegative) for (const [at, byte] of bytes.entries()) bytes[at] = 255 - byte
  return Buffer.concat([Buffer.from([isNegative ? 1 : 3]), bytes])
}
