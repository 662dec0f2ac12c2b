import { canonicalDecimal } from './canonical-decimal'

/**
 * JSON by meaning, in the layout that PostgreSQL prints jsonb in: keys by byte length then bytes, the last of
 * doubled keys, one space after colon and comma, numbers in plain digits. Equal meanings give equal texts, and
 * most texts equal what the target sends byte for byte, so that rows need no second look.
 * Numbers are compared by their digits, never as doubles: 9007199254740993 differs from 9007199254740992.
 * Null for a text that is not JSON.
 */
export function canonicalJson(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text)
    // JSON.parse rounds numbers to doubles. Fifteen digits survive that; whatever may be longer is read again, exactly.
    if (!/[\d.]{16}|\d[eE]/.test(text)) return print(value)
    return new ExactReader(text).read()
  } catch {
    return null
  }
}

function print(value: unknown): string {
  if (typeof value === 'number') return canonicalDecimal(String(value)) ?? String(value)
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(print).join(', ')}]`
  const members = Object.entries(value).map(([key, member]): Member => [key, print(member)])
  return printObject(members)
}

type Member = readonly [key: string, text: string]

function printObject(members: Member[]): string {
  if (members.length > 1) members.sort(([one], [other]) => compareKeys(one, other))
  return `{${members.map(([key, text]) => `${JSON.stringify(key)}: ${text}`).join(', ')}}`
}

/** The order of jsonb's keys: shorter first, then by bytes. */
function compareKeys(one: string, other: string): number {
  const left = Buffer.from(one)
  const right = Buffer.from(other)
  return left.length - right.length || left.compare(right)
}

/** Reads a text that JSON.parse has already accepted, so it need not check the grammar again. */
class ExactReader {
  private at = 0
  constructor(private readonly text: string) {}

  read(): string {
    this.skipSpace()
    const first = this.text[this.at]
    if (first === '{') return this.readObject()
    if (first === '[') return this.readArray()
    if (first === '"') return JSON.stringify(this.readString())
    const token = /[^\s,\]}]+/y
    token.lastIndex = this.at
    const word = token.exec(this.text)?.[0] ?? ''
    this.at += word.length
    return canonicalDecimal(word) ?? word
  }

  private readObject(): string {
    const members = new Map<string, string>()
    this.at++
    while (!this.closes('}')) {
      const key = this.readString()
      this.skipSpace()
      this.at++
      members.set(key, this.read())
    }
    return printObject([...members])
  }

  private readArray(): string {
    const items: string[] = []
    this.at++
    while (!this.closes(']')) items.push(this.read())
    return `[${items.join(', ')}]`
  }

  private closes(bracket: string): boolean {
    this.skipSpace()
    if (this.text[this.at] === ',') this.at++
    this.skipSpace()
    if (this.text[this.at] !== bracket) return false
    this.at++
    return true
  }

  private readString(): string {
    const string = /"(?:[^"\\]|\\.)*"/y
    string.lastIndex = this.at
    const literal = string.exec(this.text)?.[0] ?? '""'
    this.at += literal.length
    return String(JSON.parse(literal))
  }

  private skipSpace(): void {
    while (/\s/.test(this.text[this.at] ?? '')) this.at++
  }
}
