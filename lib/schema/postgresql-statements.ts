/** One statement of a script, without its semicolon; comments and white space around it are left out. */
export interface PostgresqlStatement {
  readonly text: string
  /** Its first bare words in upper case, up to six: enough to tell what it does. */
  readonly words: readonly string[]
}

/**
 * Where the lexer of PostgreSQL sees one piece: comments (nested), texts, E'…' with backslashes, "names", $tag$…$tag$
 * and words. A dollar within a word belongs to the word.
 */
const lineComment = /--[^\n]*/y
const escapeText = /[eE]'(?:[^'\\]|\\[\s\S]|'')*'?/y
const plainText = /'(?:[^']|'')*'?/y
const quotedName = /"(?:[^"]|"")*"?/y
const dollarTag = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y
const word = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y

const wordsKept = 6

/**
 * Splits a script as psql does: at semicolons that are outside of texts, names, comments, dollar quotes, brackets
 * (`CREATE RULE … DO (a; b)`) and bodies written as `BEGIN ATOMIC … END`.
 */
export function splitStatements(script: string): readonly PostgresqlStatement[] {
  const statements: PostgresqlStatement[] = []
  let position = 0
  let start: number | null = null
  let end = 0
  let words: string[] = []
  let brackets = 0
  /** How deep in `BEGIN ATOMIC`, counting the CASE … END within. */
  let blocks = 0
  const finish = () => {
    if (start !== null) statements.push({ text: script.slice(start, end), words })
    start = null
    words = []
    brackets = 0
    blocks = 0
  }
  const take = (length: number) => {
    start ??= position
    position += length
    end = position
  }
  while (position < script.length) {
    const blank = lengthOfBlank(script, position)
    if (blank > 0) {
      position += blank
      continue
    }
    const char = script[position]
    if (char === ';' && brackets === 0 && blocks === 0) {
      position += 1
      finish()
      continue
    }
    if (char === '(') brackets += 1
    if (char === ')') brackets = Math.max(0, brackets - 1)
    const quoted = lengthOfQuoted(script, position)
    if (quoted > 0) {
      take(quoted)
      continue
    }
    const bare = matchAt(word, script, position)
    if (bare === null) {
      take(1)
      continue
    }
    const upper = bare.toUpperCase()
    if (words.length < wordsKept) words.push(upper)
    if (makesRoutine(words) && brackets === 0) {
      if (upper === 'BEGIN' || (upper === 'CASE' && blocks > 0)) blocks += 1
      if (upper === 'END' && blocks > 0) blocks -= 1
    }
    take(bare.length)
  }
  finish()
  return statements
}

/** Opens or ends a transaction by itself. */
export function isTransactionControl({ words: [first, second] }: PostgresqlStatement): boolean {
  if (first === 'START' || first === 'PREPARE') return second === 'TRANSACTION'
  if (first === 'ROLLBACK') return second !== 'TO'
  return first !== undefined && ['BEGIN', 'COMMIT', 'END', 'ABORT'].includes(first)
}

/**
 * The script as it can be tried inside of a transaction that is rolled back: transactions of its own become savepoints, and what
 * only concerns other sessions (CONCURRENTLY, VACUUM) is left out. The tables that it makes are the same.
 */
export function scriptForRehearsal(script: string): string {
  let open = 0
  const savepoint = () => `bascule_script_${open}`
  const rehearsed = splitStatements(script).flatMap((statement): string[] => {
    const [first] = statement.words
    if (isTransactionControl(statement)) {
      if (first === 'BEGIN' || first === 'START') {
        open += 1
        return [`SAVEPOINT ${savepoint()}`]
      }
      if (open === 0) return []
      const ended = first === 'COMMIT' || first === 'END' ? [] : [`ROLLBACK TO SAVEPOINT ${savepoint()}`]
      const released = [...ended, `RELEASE SAVEPOINT ${savepoint()}`]
      open -= 1
      return released
    }
    if (first === 'VACUUM') return []
    return [isConcurrent(statement) ? statement.text.replace(/\bCONCURRENTLY\b/i, '') : statement.text]
  })
  return rehearsed.map((text) => `${text};\n`).join('')
}

function isConcurrent({ words }: PostgresqlStatement): boolean {
  return ['CREATE', 'DROP', 'REINDEX'].includes(words[0] ?? '') && words.includes('CONCURRENTLY')
}

/** Bodies written as SQL (`BEGIN ATOMIC`) belong to functions and procedures alone. */
function makesRoutine([first, ...rest]: readonly string[]): boolean {
  const kind = rest[0] === 'OR' ? rest[2] : rest[0]
  return first === 'CREATE' && (kind === 'FUNCTION' || kind === 'PROCEDURE')
}

function lengthOfBlank(script: string, position: number): number {
  const char = script[position]
  if (char !== undefined && /\s/.test(char)) return 1
  const line = matchAt(lineComment, script, position)
  if (line !== null) return line.length
  if (!script.startsWith('/*', position)) return 0
  let depth = 0
  let at = position
  while (at < script.length) {
    if (script.startsWith('/*', at)) depth += 1
    else if (script.startsWith('*/', at)) depth -= 1
    else {
      at += 1
      continue
    }
    at += 2
    if (depth === 0) break
  }
  return at - position
}

function lengthOfQuoted(script: string, position: number): number {
  for (const pattern of [escapeText, plainText, quotedName]) {
    const text = matchAt(pattern, script, position)
    if (text !== null) return text.length
  }
  const tag = matchAt(dollarTag, script, position)
  if (tag === null) return 0
  const close = script.indexOf(tag, position + tag.length)
  return (close < 0 ? script.length : close + tag.length) - position
}

function matchAt(pattern: RegExp, script: string, position: number): string | null {
  pattern.lastIndex = position
  return pattern.exec(script)?.[0] ?? null
}
