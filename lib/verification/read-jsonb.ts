/**
 * The JSON text that a value of SQLite's binary JSONB stands for (https://sqlite.org/jsonb.html), or null for bytes that
 * are none. Read here byte by byte, and not with SQLite's json(), which the copy uses: a proof does not ask the same source.
 */
export function readJsonb(bytes: Buffer): string | null {
  try {
    const { text, end } = readElement(bytes, 0)
    return end === bytes.length ? text : null
  } catch (error) {
    if (error instanceof RangeError || error instanceof SyntaxError) return null
    throw error
  }
}

interface Element {
  readonly text: string
  /** Where the next one begins. */
  readonly end: number
}

/** Bytes of the size that follows the first byte, by its upper four bits; up to 11 they are the size itself. */
const sizeBytes: Readonly<Record<number, number>> = { 12: 1, 13: 2, 14: 4, 15: 8 }

function readElement(bytes: Buffer, at: number): Element {
  const first = bytes.readUInt8(at)
  const short = first >> 4
  const extra = sizeBytes[short] ?? 0
  const size = extra === 0 ? short : extra === 8 ? Number(bytes.readBigUInt64BE(at + 1)) : bytes.readUIntBE(at + 1, extra)
  const start = at + 1 + extra
  const end = start + size
  if (end > bytes.length) throw new RangeError('The element goes beyond the value.')
  return { text: textOf(first & 15, bytes.subarray(start, end)), end }
}

function textOf(type: number, payload: Buffer): string {
  const text = () => payload.toString('utf8')
  switch (type) {
    case 0:
      return 'null'
    case 1:
      return 'true'
    case 2:
      return 'false'
    case 3:
    case 5:
      return text()
    case 4:
      return text().replace(/^([-+]?)(0[xX].*)$/, (_, sign: string, digits: string) => `${sign === '-' ? '-' : ''}${BigInt(digits)}`)
    case 6:
      return text()
        .replace(/^\+/, '')
        .replace(/^(-?)\./, '$10.')
        .replace(/\.($|[eE])/, '.0$1')
    case 7:
    case 10:
      return JSON.stringify(text())
    case 8:
      return `"${text()}"`
    case 9:
      return JSON.stringify(unescapeJson5(text()))
    case 11:
      return `[${members(payload).join(',')}]`
    case 12:
      return `{${members(payload)
        .map((member, index) => (index % 2 === 0 ? `${member}:` : `${member},`))
        .join('')
        .replace(/,$/, '')}}`
    default:
      throw new RangeError('The element is of a type that SQLite does not know.')
  }
}

function members(payload: Buffer): readonly string[] {
  const texts: string[] = []
  for (let at = 0; at < payload.length; ) {
    const { text, end } = readElement(payload, at)
    texts.push(text)
    at = end
  }
  return texts
}

const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', 0: '\0' }

function unescapeJson5(text: string): string {
  return text.replace(
    /\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r\n|[\s\S]))/g,
    (_, four: string | undefined, two: string | undefined, other: string | undefined) => {
      const code = four ?? two
      if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16))
      return /^(?:\r\n|[\n\r\u2028\u2029])$/.test(other ?? '') ? '' : (escapes[other ?? ''] ?? other ?? '')
    },
  )
}
