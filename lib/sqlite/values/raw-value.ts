/** A value as better-sqlite3 gives it with safe integers: the five storage classes of SQLite. */
export type RawValue = null | bigint | number | string | Buffer

export type StorageClass = 'null' | 'integer' | 'real' | 'text' | 'blob'

/** The storage class of one value, as `typeof()` names it. */
export function storageClassOf(raw: RawValue): StorageClass {
  if (raw === null) return 'null'
  switch (typeof raw) {
    case 'bigint':
      return 'integer'
    case 'number':
      return 'real'
    case 'string':
      return 'text'
    default:
      return 'blob'
  }
}

/**
 * Storage class and size of a value for people, never the value itself: "text, 5 characters",
 * "integer beyond 32 bits", "real with a fraction", "blob, 16 bytes".
 */
export function shapeOf(raw: RawValue): string {
  if (raw === null) return 'null'
  if (typeof raw === 'bigint') return integerShape(raw)
  if (typeof raw === 'number') return realShape(raw)
  if (typeof raw === 'string') return raw === '' ? 'empty text' : `text, ${plural([...raw.slice(0, 1_000_000)].length, 'character')}`
  return raw.length === 0 ? 'empty blob' : `blob, ${plural(raw.length, 'byte')}`
}

function integerShape(raw: bigint): string {
  const sign = raw < 0n ? 'negative integer' : 'integer'
  if (BigInt.asIntN(16, raw) === raw) return `${sign} within 16 bits`
  if (BigInt.asIntN(32, raw) === raw) return `${sign} within 32 bits`
  return `${sign} beyond 32 bits`
}

function realShape(raw: number): string {
  if (!Number.isFinite(raw)) return 'infinite real'
  return Number.isInteger(raw) ? 'real without a fraction' : 'real with a fraction'
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
