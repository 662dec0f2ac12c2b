import type { PostgresColumn } from '@/lib/core/catalogue'
import { closingBracket, isOperator, isWord, type SqlToken, splitAtCommas } from '@/lib/core/sql-tokens'

type Tokens = readonly SqlToken[]

export interface TruthContext {
  /** The column that tokens name, if they name one and nothing else. */
  readonly columnOf: (tokens: Tokens) => PostgresColumn | null
  /** Tokens as a value in PostgreSQL's dialect, null where they have no equal. */
  readonly value: (tokens: Tokens) => string | null
  /** What `typeof` says of every value of the column but NULL; null where values are of several classes. */
  readonly classOf: (column: PostgresColumn) => 'integer' | 'real' | 'text' | 'blob' | null
}

const comparisons = new Set(['=', '==', '!=', '<>', '<', '>', '<=', '>='])
const tests = ['IS', 'IN', 'LIKE', 'GLOB', 'BETWEEN', 'ISNULL', 'NOTNULL']
const arithmetic = new Set(['+', '-', '*', '/', '%', '&', '|'])
const numberTypes = /^(int2|int4|int8|smallint|integer|bigint|float8|double precision|numeric)/
/** Functions that answer numbers. */
const numberCalls = new Set(['ABS', 'INSTR', 'LENGTH', 'MAX', 'MIN', 'ROUND', 'SIGN'])

/**
 * A condition of SQLite in PostgreSQL's dialect, as something of the type boolean: a number is true in SQLite unless it is 0.
 * Null where it has no equal, as for a text, which SQLite reads as a number.
 */
export function translateTruth(tokens: Tokens, context: TruthContext): string | null {
  const truth = (part: Tokens) => translateTruth(part, context)
  for (const word of ['OR', 'AND'] as const) {
    const parts = splitAtWord(tokens, word)
    if (parts.length > 1) return joined(parts.map(truth), ` ${word} `)
  }
  if (isWord(tokens[0], 'NOT')) return within('NOT (', truth(tokens.slice(1)), ')')
  if (isOperator(tokens[0], '(') && closingBracket(tokens, 0) === tokens.length - 1) {
    const inner = truth(tokens.slice(1, -1))
    if (inner !== null) return `(${inner})`
  }
  if (isWord(tokens[0], 'CASE') && endOfCase(tokens, 0) === tokens.length - 1) return translateCase(tokens, truth, context)
  return outermost(tokens).some(isComparison) ? truthOfTest(tokens, context) : truthOfValue(tokens, context)
}

/** Whether tokens are a condition rather than a value that may count as one. */
export function isCondition(tokens: Tokens): boolean {
  if (isOperator(tokens[0], '(') && closingBracket(tokens, 0) === tokens.length - 1) return isCondition(tokens.slice(1, -1))
  return outermost(tokens).some((token) => isComparison(token) || isWord(token, 'AND', 'OR', 'NOT'))
}

/** `CASE … END` whose conditions are true or not, and whose results are what `result` makes of them. */
export function translateCase(tokens: Tokens, result: (part: Tokens) => string | null, context: TruthContext): string | null {
  const depths = depthsOf(tokens)
  const places = tokens.flatMap((token, at) => (depths[at] === 1 && isWord(token, 'WHEN', 'THEN', 'ELSE') ? [at] : []))
  const base = tokens.slice(1, places[0])
  const parts: (string | null)[] = ['CASE']
  if (base.length > 0) parts.push(context.value(base))
  for (const [number, at] of places.entries()) {
    const word = tokens[at]
    const part = tokens.slice(at + 1, places[number + 1] ?? -1)
    const isAsked = isWord(word, 'WHEN')
    parts.push(
      word?.text.toUpperCase() ?? null,
      !isAsked ? result(part) : base.length > 0 ? context.value(part) : translateTruth(part, context),
    )
  }
  return joined([...parts, 'END'], ' ')
}

/** The place of the END that belongs to the CASE at `start`; the last token's when there is none. */
export function endOfCase(tokens: Tokens, start: number): number {
  let depth = 0
  for (let at = start; at < tokens.length; at++) {
    if (isWord(tokens[at], 'CASE')) depth++
    if (isWord(tokens[at], 'END') && --depth === 0) return at
  }
  return tokens.length - 1
}

function truthOfTest(tokens: Tokens, context: TruthContext): string | null {
  const last = tokens.at(-1)
  if (isWord(last, 'TRUE', 'FALSE') && context.columnOf([last as SqlToken]) === null) {
    const isNot = isWord(tokens.at(-2), 'NOT')
    if (isWord(tokens.at(isNot ? -3 : -2), 'IS')) {
      const tested = translateTruth(tokens.slice(0, isNot ? -3 : -2), context)
      return within('((', tested, `) IS ${isNot ? 'NOT ' : ''}${last?.text.toUpperCase()})`)
    }
  }
  return truthOfClass(tokens, context) ?? (comparesSpelling(tokens, context) ? null : context.value(tokens))
}

/**
 * Whether a column that PostgreSQL compares by its meaning is compared with a text: SQLite has the spelling of both compared, and
 * 2024-01-02 10:00 comes before 2024-01-02T00:00 there. Days are spelled in one way.
 */
function comparesSpelling(tokens: Tokens, { columnOf }: TruthContext): boolean {
  const texts = tokens.filter(({ kind }) => kind === 'string')
  return tokens.some((token, at) => {
    const type = columnOf([token])?.typeName ?? ''
    const isExtracted = isOperator(tokens[at + 1], '->>') || isWord(tokens[at - 2], 'JSON_EXTRACT')
    if (texts.length === 0 || isExtracted) return false
    if (type === 'date') return texts.some(({ text }) => !/^\d{4}-\d\d-\d\d$/.test(text))
    return /^(timestamp|time|jsonb?$|uuid$)/.test(type)
  })
}

/** `typeof(column) = 'integer'` and the like, where the column's type leaves one class, and that is among those asked for. */
function truthOfClass(tokens: Tokens, { columnOf, classOf, value }: TruthContext): string | null {
  if (!isWord(tokens[0], 'TYPEOF') || !isOperator(tokens[1], '(')) return null
  const close = closingBracket(tokens, 1)
  const operand = tokens.slice(2, close)
  const column = columnOf(operand)
  const name = column && value(operand)
  const own = column && classOf(column)
  const [operator, ...asked] = tokens.slice(close + 1)
  if (name == null || own == null) return null
  const names = isWord(operator, 'IN') && isOperator(asked[0], '(') ? splitAtCommas(asked, 1, asked.length - 1).flat() : asked
  if (names.length === 0 || names.some(({ kind }) => kind !== 'string')) return null
  const listed = new Set(names.map(({ text }) => text))
  const isNegated = operator?.text === '<>' || operator?.text === '!='
  if (!isNegated && !isWord(operator, 'IN') && operator?.text !== '=' && operator?.text !== '==') return null
  if (listed.has(own) === isNegated) return null
  return listed.has('null') === isNegated ? `(${name} IS NOT NULL)` : 'TRUE'
}

function truthOfValue(tokens: Tokens, context: TruthContext): string | null {
  const [first] = tokens
  const column = context.columnOf(tokens)
  if (column !== null) {
    if (column.typeName === 'bool') return context.value(tokens)
    return numberTypes.test(column.typeName) ? within('(', context.value(tokens), ' <> 0)') : null
  }
  if (tokens.length === 1) {
    if (first?.kind === 'number') return Number(first.text) === 0 ? 'FALSE' : 'TRUE'
    if (isWord(first, 'TRUE', 'FALSE')) return first?.text.toUpperCase() ?? null
    return isWord(first, 'NULL') ? 'NULL::boolean' : null
  }
  if (first?.kind === 'word' && isOperator(tokens[1], '(') && closingBracket(tokens, 1) === tokens.length - 1)
    return truthOfCall(first.upper, tokens, context)
  return outermost(tokens).some((token) => token.kind === 'operator' && arithmetic.has(token.text))
    ? within('((', context.value(tokens), ') <> 0)')
    : context.value(tokens)
}

function truthOfCall(name: string, tokens: Tokens, context: TruthContext): string | null {
  const args = splitAtCommas(tokens, 2, tokens.length - 1)
  const truths = () => args.map((arg) => translateTruth(arg, context))
  switch (name) {
    case 'COALESCE':
    case 'IFNULL':
      return within('coalesce(', joined(truths(), ', '), ')')
    case 'IF':
    case 'IIF': {
      const [condition, then, otherwise] = truths()
      if (condition == null || then == null || otherwise === null) return null
      return `CASE WHEN ${condition} THEN ${then} ${otherwise === undefined ? '' : `ELSE ${otherwise} `}END`
    }
    case 'LIKELY':
    case 'UNLIKELY':
      return args.length === 1 ? within('(', truths()[0] ?? null, ')') : null
    case 'JSON_VALID': {
      const column = args[0] && context.columnOf(args[0])
      // Nothing else gets into the column; of NULL nothing is said.
      if (column && /^jsonb?$/.test(column.typeName))
        return within('CASE WHEN ', context.value(args[0] ?? []), ' IS NOT NULL THEN TRUE END')
      return context.value(tokens)
    }
    default:
      return numberCalls.has(name) ? within('(', context.value(tokens), ' <> 0)') : context.value(tokens)
  }
}

function within(before: string, text: string | null, after: string): string | null {
  return text === null ? null : `${before}${text}${after}`
}

function joined(parts: readonly (string | null)[], separator: string): string | null {
  return parts.includes(null) ? null : parts.join(separator)
}

function isComparison(token: SqlToken): boolean {
  return (token.kind === 'operator' && comparisons.has(token.text)) || isWord(token, ...tests)
}

/** Parts between a word that stands in no brackets and no CASE; the AND of a BETWEEN is none of them. */
function splitAtWord(tokens: Tokens, word: 'AND' | 'OR'): readonly Tokens[] {
  const parts: Tokens[] = []
  const depths = depthsOf(tokens)
  let start = 0
  let between = 0
  for (const [at, token] of tokens.entries()) {
    if (depths[at] !== 0) continue
    if (isWord(token, 'BETWEEN')) between++
    if (!isWord(token, word)) continue
    if (word === 'AND' && between > 0) between--
    else {
      parts.push(tokens.slice(start, at))
      start = at + 1
    }
  }
  return [...parts, tokens.slice(start)]
}

/** The tokens that stand in no brackets and no CASE. */
function outermost(tokens: Tokens): Tokens {
  const depths = depthsOf(tokens)
  return tokens.filter((_, at) => depths[at] === 0)
}

/** In how many brackets and CASEs each token stands; what opens one stands outside of it. */
function depthsOf(tokens: Tokens): readonly number[] {
  let depth = 0
  return tokens.map((token) => {
    if (isOperator(token, ')') || isWord(token, 'END')) depth--
    const own = depth
    if (isOperator(token, '(') || isWord(token, 'CASE')) depth++
    return own
  })
}
