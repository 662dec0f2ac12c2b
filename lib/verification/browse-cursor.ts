import { z } from 'zod'

/** Where a page of rows ended: the values that the rows are ordered by, of its last row. Numbers and bytes keep their kind. */
export type CursorValue = bigint | number | string | Buffer | null

const storedSchema = z.array(
  z.union([
    z.null(),
    z.string(),
    z.object({ integer: z.string().regex(/^-?\d+$/) }),
    z.object({ real: z.number() }),
    z.object({ blob: z.string() }),
  ]),
)

/** As text for an address; opaque to whoever hands it back. */
export function writeCursor(values: readonly CursorValue[]): string {
  const stored = values.map((value) => {
    if (typeof value === 'bigint') return { integer: String(value) }
    if (typeof value === 'number') return { real: value }
    return Buffer.isBuffer(value) ? { blob: value.toString('base64') } : value
  })
  return Buffer.from(JSON.stringify(stored)).toString('base64url')
}

/** Null for a text that is no cursor of so many values: then the page is the first one. */
export function readCursor(text: string | undefined, length: number): readonly CursorValue[] | null {
  if (text === undefined) return null
  try {
    const stored = storedSchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')))
    if (stored.length !== length) return null
    return stored.map((value) => {
      if (value === null || typeof value === 'string') return value
      if ('integer' in value) return BigInt(value.integer)
      return 'real' in value ? value.real : Buffer.from(value.blob, 'base64')
    })
  } catch {
    return null
  }
}
