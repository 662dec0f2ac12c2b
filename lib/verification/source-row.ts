/** SQLite's storage classes, as numbers for the arrays of a scanned row. */
export const storage = { null: 0, integer: 1, real: 2, text: 3, blob: 4 } as const
export type Storage = (typeof storage)[keyof typeof storage]

/** Where the fields of one row of the source are; filled anew for each row. */
export interface SourceRow {
  bytes: Buffer
  readonly classes: Uint8Array
  readonly starts: Int32Array
  readonly ends: Int32Array
}

const semicolon = 59
const colon = 58

export function createSourceRow(columns: number): SourceRow {
  return { bytes: Buffer.alloc(0), classes: new Uint8Array(columns), starts: new Int32Array(columns), ends: new Int32Array(columns) }
}

/**
 * Finds the fields of the row that begins at `at` (the form is described at `sourceRowSql`), without copying.
 * Returns where the next row begins.
 */
export function scanSourceRow(bytes: Buffer, at: number, row: SourceRow): number {
  row.bytes = bytes
  const { classes, starts, ends } = row
  let position = at
  for (let column = 0; column < classes.length; column++) {
    const mark = bytes[position] ?? 0
    if (mark === 110 /* n */) {
      classes[column] = storage.null
      position++
      continue
    }
    if (mark === 105 /* i */ || mark === 114 /* r */) {
      classes[column] = mark === 105 ? storage.integer : storage.real
      starts[column] = ++position
      while (bytes[position] !== semicolon) position++
      ends[column] = position++
      continue
    }
    let kind: Storage = storage.text
    if (mark === 116 /* t */ || mark === 98 /* b */) {
      kind = mark === 98 ? storage.blob : storage.text
      position++
    }
    if (bytes[position] === colon) {
      classes[column] = storage.null
      position++
      continue
    }
    let length = 0
    for (let digit = bytes[position] ?? colon; digit !== colon; digit = bytes[++position] ?? colon) length = length * 10 + digit - 48
    classes[column] = kind
    starts[column] = ++position
    position += length
    ends[column] = position
  }
  if (position > bytes.length) throw new Error('A row of the source ended before its last field.')
  return position
}

/** One row in the same form, made value by value: for files whose text is UTF-16, where SQL cannot join bytes. */
export function encodeSourceRow(values: readonly unknown[]): Buffer {
  return Buffer.concat(values.flatMap(encodeField))
}

function encodeField(value: unknown): readonly Buffer[] {
  if (value === null) return [Buffer.from('n')]
  if (typeof value === 'bigint') return [Buffer.from(`i${value};`)]
  if (typeof value === 'number') return [Buffer.from(`r${doubleAsInteger(value)};`)]
  const bytes = Buffer.isBuffer(value) ? value : Buffer.from(String(value))
  return [Buffer.from(`${Buffer.isBuffer(value) ? 'b' : 't'}${bytes.length}:`), bytes]
}

const scratch = new DataView(new ArrayBuffer(8))

/** The bits of a double as 16 hex digits, most significant first. */
export function doubleBits(value: number): string {
  scratch.setFloat64(0, value)
  return (scratch.getUint32(0) + 0x1_0000_0000).toString(16).slice(1) + (scratch.getUint32(4) + 0x1_0000_0000).toString(16).slice(1)
}

/** The bits of a double as an integer of 64 bits: what SQLite prints faster than it is given a text. */
export function doubleAsInteger(value: number): bigint {
  scratch.setFloat64(0, value)
  return scratch.getBigInt64(0)
}

/** The double whose bits stand from `start` to `end` as the digits of an integer. */
export function readDouble(bytes: Buffer, start: number, end: number): number {
  scratch.setBigInt64(0, BigInt(bytes.toString('latin1', start, end)))
  return scratch.getFloat64(0)
}
