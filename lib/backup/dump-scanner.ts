import { AppError } from '@/lib/core/errors'

/** A statement without its semicolon, one character to a byte, and the line where it begins. */
export interface ScannedStatement {
  readonly text: string
  readonly line: number
}

export interface DumpScanner {
  /** Takes the next line, its break included. Answers the statements that end in it, one by one, so that rows can be read between them. */
  feed(text: string, line: number): Generator<ScannedStatement>
  /** The line of a statement, a text or a comment that has no end yet; null when all have theirs. */
  unfinished(): number | null
}

/** Where the lexers of psql and PostgreSQL see one piece that ends in its line or begins something longer. */
const opening =
  /--[^\n]*|\/\*|[eE]'|'|"|\$(?:[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*)?\$|[A-Za-z_\x80-\xff][\w$\x80-\xff]*|\s+|[^\\;()'"$/A-Za-z_\x80-\xff\s-]+|[\s\S]/y
/** The next thing of interest inside of each. */
const inside = {
  "'": /'/g,
  "e'": /['\\]/g,
  '"': /"/g,
  comment: /\/\*|\*\//g,
} as const
/** Of pg_dump since the versions of August 2025: what stands between is to run nothing of psql's. We run nothing of it anyway. */
const restriction = /^\\(?:un)?restrict [A-Za-z0-9]+\r?\n?$/

const wordsKept = 4

/** Finds the ends of statements in a dump that comes line by line. @param longest in bytes, of one statement */
export function createDumpScanner(longest: number): DumpScanner {
  /** What of the statement earlier lines held; its own part of a line is cut out once. */
  let parts: string[] = []
  let bytes = 0
  /** Line of its first word; 0 between statements. */
  let begin = 0
  let words: string[] = []
  let brackets = 0
  /** How deep in `BEGIN ATOMIC`, counting the CASE … END within. */
  let blocks = 0
  /** What we are inside of; a dollar quote by its tag. */
  let within: keyof typeof inside | `$${string}` | null = null
  let comments = 0
  /** Line of the comment that was opened last. */
  let opened = 0
  const keep = (text: string) => {
    bytes += text.length
    if (bytes > longest) throw refusedAt(begin, 'begins a statement that is longer than any of pg_dump’s')
    parts.push(text)
  }
  const finish = (): ScannedStatement | null => {
    const found = begin === 0 ? null : { text: parts.join('').trimEnd(), line: begin }
    parts = []
    words = []
    bytes = 0
    begin = 0
    brackets = 0
    blocks = 0
    return found
  }
  /** Goes on inside of what is open. Answers where it stopped: behind its end, or at the end of the line. */
  const passInside = (text: string, from: number): number => {
    if (within === null) return from
    if (within.startsWith('$')) {
      const end = text.indexOf(within, from)
      if (end < 0) return text.length
      const behind = end + within.length
      within = null
      return behind
    }
    const pattern = inside[within as keyof typeof inside]
    pattern.lastIndex = from
    for (let found = pattern.exec(text); found; found = pattern.exec(text)) {
      const isDoubled = within === "e'" && found[0] === "'" && text[pattern.lastIndex] === "'"
      if (found[0] === '\\' || isDoubled) pattern.lastIndex += 1
      else if (within === 'comment') {
        comments += found[0] === '/*' ? 1 : -1
        if (comments === 0) break
      } else break
      if (pattern.lastIndex > text.length) break
    }
    const behind = pattern.lastIndex
    if (behind === 0 || behind > text.length) return text.length
    // A plain quote that is doubled opens again at once, which comes to the same.
    within = null
    return behind
  }
  const noteWord = (word: string) => {
    const upper = word.toUpperCase()
    if (words.length < wordsKept) words.push(upper)
    if (!makesRoutine(words) || brackets > 0) return
    if (upper === 'BEGIN' || (upper === 'CASE' && blocks > 0)) blocks += 1
    if (upper === 'END' && blocks > 0) blocks -= 1
  }
  return {
    *feed(text, line) {
      if (within === null && begin === 0 && restriction.test(text)) return
      let at = 0
      /** Where the statement's part of this line begins. */
      let from = 0
      while (at < text.length) {
        if (within !== null) {
          at = passInside(text, at)
          if (begin === 0) from = at
          continue
        }
        opening.lastIndex = at
        const piece = opening.exec(text)?.[0] ?? ''
        at += piece.length
        if (piece === '\\') throw refusedAt(line, 'holds a command of psql, which could run a program on this machine')
        if (piece === ';' && brackets === 0 && blocks === 0) {
          if (begin > 0) keep(text.slice(from, at - 1))
          const statement = finish()
          from = at
          if (statement !== null) yield statement
          continue
        }
        if (piece === '/*') {
          within = 'comment'
          comments = 1
          opened = line
        }
        if (begin === 0 && (piece === '/*' || piece.startsWith('--') || piece.trim() === '')) {
          from = at
          continue
        }
        if (begin === 0) begin = line
        if (piece === '(') brackets += 1
        else if (piece === ')') brackets = Math.max(0, brackets - 1)
        else if (piece === "'" || piece === '"') within = piece
        else if (piece.toLowerCase() === "e'") within = "e'"
        else if (piece.length > 1 && piece.startsWith('$')) within = piece as `$${string}`
        else if (/^[A-Za-z_\x80-\xff]/.test(piece)) noteWord(piece)
      }
      if (begin > 0) keep(text.slice(from))
    },
    unfinished: () => (begin > 0 ? begin : within === null ? null : opened),
  }
}

/** What a dump may not hold. @param line where it begins */
export function refusedAt(line: number, what: string): AppError {
  return new AppError({
    code: 'BACKUP_REFUSED',
    operation: 'read a plain PostgreSQL dump',
    message: `Line ${line} of database.sql ${what}. A backup of this app has none of that. Nothing of it was carried on.`,
    hint: 'Take an archive that this app has written. To read this dump all the same, look at that line, and load it by hand into a server where it can do no harm.',
  })
}

/** Bodies written as SQL (`BEGIN ATOMIC`) belong to functions and procedures alone. */
function makesRoutine([first, ...rest]: readonly string[]): boolean {
  const kind = rest[0] === 'OR' ? rest[2] : rest[0]
  return first === 'CREATE' && (kind === 'FUNCTION' || kind === 'PROCEDURE')
}
