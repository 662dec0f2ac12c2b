import { createDumpScanner, refusedAt } from './dump-scanner'

/** One piece of a plain dump, in order. Lines are counted from 1. */
export type DumpPiece =
  | { readonly kind: 'statement'; readonly text: string; readonly line: number }
  /** `COPY … FROM stdin` and what stands below it, to be read to its end before the next piece is asked for. */
  | { readonly kind: 'rows'; readonly text: string; readonly line: number; readonly rows: AsyncIterable<Buffer> }

/** More than any line or statement that pg_dump writes beside its COPY data; what is longer is nobody's dump. */
const longestBytes = 8 * 1024 * 1024

/**
 * Reads a dump as psql reads it, and leaves out psql: commands that begin with a backslash are psql's own (`\!` runs a program on
 * this machine) and are refused wherever they stand but in quotes, comments and rows. Holds one statement or one chunk of rows.
 *
 * @throws AppError BACKUP_REFUSED with the line, for such a command, another COPY than of pg_dump, or a dump that was cut short
 */
export async function* readPlainDump(content: AsyncIterable<Buffer>): AsyncGenerator<DumpPiece> {
  const source = createLineSource(content)
  const scanner = createDumpScanner(longestBytes)
  for (let line = await source.readLine(); line !== null; line = await source.readLine()) {
    for (const { text, line: at } of scanner.feed(line, source.line)) {
      const sql = decode(text)
      if (!/^copy\b/i.test(text)) yield { kind: 'statement', text: sql, line: at }
      else if (copyFromStdin.test(text)) yield { kind: 'rows', text: sql, line: at, rows: source.readRows() }
      else throw refusedAt(at, 'holds a COPY that is none of pg_dump: it reads or writes something else than the rows below it')
    }
  }
  const left = scanner.unfinished()
  if (left !== null) throw refusedAt(left, 'begins a statement that has no end: the dump was cut short')
}

const name = '(?:"(?:[^"]|"")*"|[\\w$\\x80-\\xff]+)'
const copyFromStdin = new RegExp(`^copy ${name}(?:\\.${name})?(?: \\(${name}(?:, ${name})*\\))? from stdin$`, 'i')

/** Bytes are read one to a character, so that a character that is cut by nothing of SQL's is never cut by us. */
function decode(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8')
}

interface LineSource {
  /** Number of the line that was read last. */
  readonly line: number
  /** The next line with its line break, one character to a byte; null at the end. */
  readLine(): Promise<string | null>
  /** What follows, up to the line `\.`, which is taken too. */
  readRows(): AsyncIterable<Buffer>
}

interface TakenRows {
  readonly rows: Buffer
  /** The line that ends them was taken. */
  readonly isEnd: boolean
  /** They end within a line. */
  readonly isCut: boolean
}

const newline = 10
const endsOfRows = ['\\.\n', '\\.\r\n']

function createLineSource(content: AsyncIterable<Buffer>): LineSource {
  const chunks = content[Symbol.asyncIterator]()
  let pending: Buffer = Buffer.alloc(0)
  let line = 0
  const fill = async () => {
    const { value, done } = await chunks.next()
    if (done) return false
    pending = pending.length === 0 ? value : Buffer.concat([pending, value])
    return true
  }
  const take = (length: number) => {
    const taken = pending.subarray(0, length)
    pending = pending.subarray(length)
    return taken
  }
  /** Takes what belongs to the rows for certain; null when more has to be read first. Called at the beginning of a line. */
  const takeWholeRows = (): TakenRows | null => {
    const end = endsOfRows.find((text) => pending.subarray(0, text.length).toString('latin1') === text)
    if (end !== undefined) {
      take(end.length)
      line += 1
      return { rows: Buffer.alloc(0), isEnd: true, isCut: false }
    }
    const found = endsOfRows.map((text) => pending.indexOf(`\n${text}`)).filter((at) => at >= 0)
    const last = found.length > 0 ? Math.min(...found) : pending.lastIndexOf(newline)
    if (last >= 0) return { rows: take(last + 1), isEnd: false, isCut: false }
    const mayBeEnd = pending.length < 4 && endsOfRows.some((text) => text.startsWith(pending.toString('latin1')))
    return mayBeEnd ? null : { rows: take(pending.length), isEnd: false, isCut: true }
  }
  return {
    get line() {
      return line
    },
    async readLine() {
      const parts: Buffer[] = []
      let bytes = 0
      for (;;) {
        const end = pending.indexOf(newline)
        const part = take(end < 0 ? pending.length : end + 1)
        parts.push(part)
        bytes += part.length
        if (bytes > longestBytes) throw refusedAt(line + 1, 'is longer than any line of SQL that pg_dump writes')
        if (end >= 0 || !(await fill())) break
      }
      if (bytes === 0) return null
      line += 1
      return Buffer.concat(parts).toString('latin1')
    },
    async *readRows() {
      const begin = line
      for (let isCut = false; ; ) {
        const found: TakenRows | null = isCut ? { ...takeRest(pending, take), isEnd: false } : takeWholeRows()
        if (found === null || (found.rows.length === 0 && !found.isEnd)) {
          if (await fill()) continue
          if (pending.toString('latin1') === '\\.') {
            take(2)
            return
          }
          throw refusedAt(begin, 'begins rows that have no end: the dump was cut short')
        }
        if (found.isEnd) return
        line += countLines(found.rows)
        isCut = found.isCut
        yield found.rows
      }
    },
  }
}

/** What is left of a line whose beginning was passed on already. */
function takeRest(pending: Buffer, take: (length: number) => Buffer): { readonly rows: Buffer; readonly isCut: boolean } {
  const end = pending.indexOf(newline)
  return { rows: take(end < 0 ? pending.length : end + 1), isCut: end < 0 }
}

function countLines(rows: Buffer): number {
  let lines = 0
  for (let at = rows.indexOf(newline); at >= 0; at = rows.indexOf(newline, at + 1)) lines += 1
  return lines
}
