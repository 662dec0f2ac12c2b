import { hasTextAffinity, isReal } from '@/lib/core/affinity'
import type { PostgresColumn } from '@/lib/core/catalogue'
import { quoteName, quoteText } from '@/lib/core/quoted-name'
import { closingBracket, isOperator, isWord, type SqlToken, tokenizeSql } from '@/lib/core/sql-tokens'
import { type ComparedAlike, comparedAlike, type Purpose } from './compared-alike'
import type { Value } from './compared-values'
import { type CallContext, extractJson, translateCall } from './translate-call'
import { globPattern, likePattern } from './translate-pattern'
import { endOfCase, isCondition, type TruthContext, translateCase, translateTruth } from './translate-truth'

export interface Translation {
  readonly sql: string
  /** Conditions in SQLite's SQL: a row that meets one gives another result on PostgreSQL. Nearly always none. */
  readonly exceptions: readonly string[]
  /** What it is in both databases. */
  readonly value: Value
  /** The column that it is, and nothing else; null for more. */
  readonly column: PostgresColumn | null
}

export interface TranslationScope {
  /** The target's columns of the same table: names are spelled as there, booleans compared with numbers are cast. */
  readonly columns: readonly PostgresColumn[]
  /** Columns of the source that do not compare byte by byte (COLLATE NOCASE, RTRIM). Default: none. */
  readonly otherCollations?: ReadonlySet<string>
  /** Types as the source declares them, by column in lower case: what a value's class can be. Default: of none. */
  readonly declaredTypes?: ReadonlyMap<string, string>
}

/** What is found out about an expression before its parts are translated. */
interface JudgedScope extends TranslationScope, ComparedAlike {
  readonly purpose: Purpose
  /** Whether it is part of a sum or a product. */
  readonly isCounted: boolean
}

/** Words that mean the same in both dialects. */
const sharedWords = new Set(
  'AND OR NOT IN NULL BETWEEN ESCAPE CASE WHEN THEN ELSE END ISNULL NOTNULL CURRENT_TIMESTAMP CURRENT_DATE DISTINCT FROM'.split(' '),
)
/** Of these, those that SQLite never takes for a column unless they are quoted. */
const reservedWords = new Set('AND OR NOT IN NULL BETWEEN CASE WHEN THEN ELSE ISNULL NOTNULL DISTINCT FROM'.split(' '))
/** `&` and `|` stand between sums and comparisons in both; shifts count bits otherwise, and `~` binds otherwise. */
const arithmetic = new Set(['+', '-', '*', '/', '%', '&', '|'])
const orders = new Set(['<', '>', '<=', '>='])
const comparisons = new Set(['=', '==', '!=', '<>', ...orders, ...arithmetic])
const textTypes = /^(text|varchar|bpchar|character varying|char)/
const integerTypes = /^(int2|int4|int8|smallint|integer|bigint)$/

/**
 * An expression of SQLite (CHECK, condition of a partial index, indexed expression, computed column, default) in
 * PostgreSQL's dialect, or null where the meaning could change. PostgreSQL itself has the last word: callers try the
 * result in a transaction and say what was refused.
 */
export function translateExpression(
  expression: string,
  scope: TranslationScope,
  purpose: Exclude<Purpose, 'condition'>,
): Translation | null {
  const exceptions: string[] = []
  const tokens = tokenizeSql(expression)
  const judged = judge(tokens, scope, purpose)
  const sql = judged && translateTokens(expression, tokens, judged, exceptions)
  if (judged === null || sql === null) return null
  // Beyond 64 bits SQLite goes on with doubles, and PostgreSQL refuses the row.
  if (purpose === 'computed' && judged.isBeyond && judged.value.truth === undefined) exceptions.push(`typeof(${expression}) = 'real'`)
  return { sql, exceptions, value: judged.value, column: columnOf(tokens, scope) }
}

/**
 * An expression that is only asked whether it is true (CHECK, condition of a partial index), as a boolean: SQLite takes any number for
 * one. Null where the meaning could change.
 */
export function translateCondition(expression: string, scope: TranslationScope): string | null {
  const tokens = tokenizeSql(expression)
  const judged = judge(tokens, scope, 'condition')
  if (judged === null) return null
  // A number of JSON is no text in SQLite and one in PostgreSQL: told apart from texts that look like one it cannot be.
  const extracts = tokens.some((token) => token.text === '->>' || isWord(token, 'JSON_EXTRACT'))
  if (extracts && tokens.some((token) => token.kind === 'string' && /^\s*[-+.\d]/.test(token.text))) return null
  return translateTruth(tokens, truthContextOf(expression, judged, []))
}

/** The scope of an expression whose parts are compared alike in both databases; null for another. */
function judge(tokens: readonly SqlToken[], scope: TranslationScope, purpose: Purpose): JudgedScope | null {
  const judged = comparedAlike(tokens, {
    find: (name) => findColumn(name, scope),
    declaredTypeOf: (column) => scope.declaredTypes?.get(column.name.toLowerCase()),
    hasOtherCollation: (column) => scope.otherCollations?.has(column.name.toLowerCase()) ?? false,
    purpose,
  })
  return judged && { ...scope, ...judged, purpose, isCounted: false }
}

function truthContextOf(expression: string, scope: JudgedScope, exceptions: string[]): TruthContext {
  return {
    columnOf: (part) => columnOf(part, scope),
    value: (part) => translateTokens(expression, part, scope, exceptions),
    classOf: (column) => classOf(column, scope.declaredTypes?.get(column.name.toLowerCase())),
  }
}

/** What `typeof` says of each value of a column of these two types, unless it is NULL. */
function classOf({ typeName }: PostgresColumn, declaredType: string | undefined): 'integer' | 'real' | 'text' | 'blob' | null {
  if (declaredType === undefined) return null
  if (integerTypes.test(typeName) && declaredType.includes('INT')) return 'integer'
  if (typeName === 'bool' && declaredType.includes('BOOL')) return 'integer'
  if (textTypes.test(typeName) && hasTextAffinity(declaredType)) return 'text'
  if (/^(float8|double)/.test(typeName) && isReal(declaredType)) return 'real'
  return typeName === 'bytea' && declaredType.includes('BLOB') ? 'blob' : null
}

function translateTokens(expression: string, tokens: readonly SqlToken[], outer: JudgedScope, exceptions: string[]): string | null {
  const scope = { ...outer, isCounted: outer.isCounted || counts(tokens) || tokens.some((token) => isWord(token, 'ABS')) }
  // Both bind alike in PostgreSQL, and || first in SQLite.
  const hasBits = tokens.some((token) => isOperator(token, '&') || isOperator(token, '|'))
  if (hasBits && (scope.purpose === 'computed' || tokens.some((token) => isOperator(token, '||')))) return null
  const parts: string[] = []
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index]
    if (!token) continue
    if (isWord(token, 'IS')) {
      if (asksForTruth(tokens, index, scope)) return null
      const { text, consumed } = translateIs(tokens, index)
      parts.push(text)
      index += consumed
      continue
    }
    if (token.kind === 'word' && isOperator(tokens[index + 1], '(') && !sharedWords.has(token.upper)) {
      const close = closingBracket(tokens, index + 1)
      const inside = tokens.slice(index + 2, close)
      const text = translateCall(token.upper, inside, contextOf(expression, scope, exceptions))
      if (text === null) return null
      parts.push(text)
      index = close
      continue
    }
    if (isWord(token, 'CASE')) {
      const end = endOfCase(tokens, index)
      const context = truthContextOf(expression, scope, exceptions)
      const text = translateCase(tokens.slice(index, end + 1), context.value, context)
      if (text === null) return null
      parts.push(text)
      index = end
      continue
    }
    if (isOperator(token, '(') && [tokens[index - 1], tokens[closingBracket(tokens, index) + 1]].some(isCounting)) {
      const close = closingBracket(tokens, index)
      const inside = tokens.slice(index + 1, close)
      if (isCondition(inside)) {
        // What is true counts as 1.
        const text = translateTruth(inside, truthContextOf(expression, scope, exceptions))
        if (text === null) return null
        parts.push(`(${text})::int${isCountedWide(scope) ? '::bigint' : ''}`)
        index = close
        continue
      }
    }
    if (isWord(token, 'NOT') && isWord(tokens[index + 1], 'NULL')) {
      parts.push('IS NOT NULL')
      index += 1
      continue
    }
    if (isWord(token, 'NOT') && isWord(tokens[index + 1], 'LIKE', 'GLOB')) continue
    if (isWord(token, 'LIKE', 'GLOB')) {
      const isNegated = isWord(tokens[index - 1], 'NOT')
      const pattern = tokens[index + 1]
      const text =
        pattern?.kind !== 'string'
          ? null
          : isWord(token, 'LIKE')
            ? likePattern(pattern.text, isWord(tokens[index + 2], 'ESCAPE') ? (tokens[index + 3]?.text ?? '') : null, isNegated)
            : globPattern(pattern.text, isNegated)
      if (text === null) return null
      parts.push(text)
      index += 1
      continue
    }
    if (isOperator(token, '/') || isOperator(token, '%')) {
      const divisor = translateDivisor(tokens, index + 1, scope)
      if (divisor === null) return null
      parts.push(token.text, divisor)
      index += 1
      continue
    }
    if (tokens[index + 1]?.text === '->>' && tokens[index + 2]?.kind === 'string') {
      const text = extractJson([token], tokens.slice(index + 2, index + 3), contextOf(expression, scope, exceptions))
      if (text === null) return null
      parts.push(text)
      index += 2
      continue
    }
    const text = translateToken(token, tokens, index, scope)
    if (text === null) return null
    parts.push(text)
  }
  return parts.join(' ')
}

function isCounting(token: SqlToken | undefined): boolean {
  return token?.kind === 'operator' && comparisons.has(token.text)
}

function contextOf(expression: string, scope: JudgedScope, exceptions: string[]): CallContext {
  return {
    columnOf: (part) => columnOf(part, scope),
    translate: (part) => translateTokens(expression, part, scope, exceptions),
    truth: (part) => translateTruth(part, truthContextOf(expression, scope, exceptions)),
    source: (part) => expression.slice(part[0]?.start, part.at(-1)?.end),
    exceptions,
    isWide: isCountedWide(scope),
  }
}

/** Whether there is a sum, a product, bits: more than a sign. */
function counts(tokens: readonly SqlToken[]): boolean {
  const isOperand = (token: SqlToken | undefined) =>
    token !== undefined &&
    (token.kind === 'operator'
      ? token.text === ')'
      : token.kind !== 'word' || !sharedWords.has(token.upper) || isWord(token, 'END', 'NULL'))
  return tokens.some((token, at) => token.kind === 'operator' && arithmetic.has(token.text) && isOperand(tokens[at - 1]))
}

/** SQLite computes with 64 bits, and with doubles, whatever the columns hold; an index over such a sum would no longer be what queries ask for. */
function isCountedWide(scope: JudgedScope): boolean {
  return scope.isCounted && (scope.purpose === 'computed' || scope.purpose === 'condition')
}

/** SQLite divides by zero to NULL, PostgreSQL refuses the row. Null for a divisor that is more than a number or a column. */
function translateDivisor(tokens: readonly SqlToken[], index: number, scope: JudgedScope): string | null {
  const divisor = tokens[index]
  if (!divisor || isOperator(tokens[index + 1], '(')) return null
  const text = translateToken(divisor, tokens, index, scope)
  if (text === null || divisor.kind === 'operator' || divisor.kind === 'string') return null
  return divisor.kind === 'number' && Number(divisor.text) !== 0 ? text : `nullif(${text}, 0)`
}

function translateToken(token: SqlToken, tokens: readonly SqlToken[], index: number, scope: JudgedScope): string | null {
  switch (token.kind) {
    case 'string':
      return scope.ordered.has(token.start) ? `(${quoteText(token.text)} COLLATE "C")` : quoteText(token.text)
    case 'blob':
      return `'\\x${token.text}'::bytea`
    case 'number':
      if (/^0x|_/i.test(token.text)) return null
      return isCountedWide(scope) && !/^\d+$/.test(token.text) ? `${token.text}::double precision` : token.text
    case 'operator':
      return translateOperator(token.text)
    case 'quoted': {
      const column = findColumn(token.text, scope)
      if (column) return translateColumn(column, tokens, index, scope)
      // SQLite takes "text" for a string when no column has that name.
      return token.quote === '"' ? quoteText(token.text) : null
    }
    case 'word':
      return translateWord(token, tokens, index, scope)
  }
}

function translateWord(token: SqlToken & { kind: 'word' }, tokens: readonly SqlToken[], index: number, scope: JudgedScope): string | null {
  if (reservedWords.has(token.upper)) return token.upper
  const column = findColumn(token.text, scope)
  if (column) return translateColumn(column, tokens, index, scope)
  if (sharedWords.has(token.upper)) return token.upper
  if (token.upper === 'TRUE') return '1'
  if (token.upper === 'FALSE') return '0'
  return null
}

function translateOperator(text: string): string | null {
  if (text === '==') return '='
  return ['->', '->>', ';', '?', ':', '@', '$', '.', '~', '<<', '>>'].includes(text) ? null : text
}

function findColumn(name: string, { columns }: TranslationScope): PostgresColumn | undefined {
  return columns.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase())
}

/** The column that tokens name, if they name one and nothing else. */
function columnOf(tokens: readonly SqlToken[], scope: TranslationScope): PostgresColumn | null {
  const [token, ...others] = tokens
  if (others.length > 0 || (token?.kind !== 'word' && token?.kind !== 'quoted')) return null
  return findColumn(token.text, scope) ?? null
}

function translateColumn(column: PostgresColumn, tokens: readonly SqlToken[], index: number, scope: JudgedScope): string | null {
  const quoted = quoteName(column.name)
  const before = tokens[index - 1]
  const next = tokens[index + 1]
  const isCompared = [before, next].some((token) => token?.kind === 'operator' && comparisons.has(token.text))
  const isTested = isCompared || isWord(next, 'IN', 'IS', 'NOT', 'BETWEEN', 'LIKE', 'GLOB') || isWord(before, 'IS', 'WHEN', 'BETWEEN')
  if (column.typeName === 'bool') return isTested || isOperator(next, '||') || isOperator(before, '||') ? `(${quoted})::int` : quoted
  const isSigned = [before, next].some((token) => token?.kind === 'operator' && arithmetic.has(token.text))
  const isWide = isCountedWide(isSigned ? { ...scope, isCounted: true } : scope)
  // What is kept is an integer: beyond 64 bits it is none in SQLite either.
  const isDecimal = scope.isBeyond && scope.purpose === 'condition'
  if (isWide && integerTypes.test(column.typeName)) {
    if (isDecimal) return `(${quoted})::numeric`
    return /^(int8|bigint)$/.test(column.typeName) ? quoted : `(${quoted})::bigint`
  }
  if (!textTypes.test(column.typeName)) return quoted
  if (isTested && !isAskedForNull(tokens, index) && scope.otherCollations?.has(column.name.toLowerCase())) return null
  // SQLite orders texts by their bytes, PostgreSQL as the database's language does.
  const isOrdered =
    [before, next].some((token) => token?.kind === 'operator' && orders.has(token.text)) ||
    isWord(next, 'BETWEEN') ||
    isWord(isWord(next, 'NOT') ? tokens[index + 2] : undefined, 'BETWEEN')
  return isOrdered ? `${quoted} COLLATE "C"` : quoted
}

/** Whether what follows is IS NULL, IS NOT NULL or NOT NULL, which no collation has a say in. */
function isAskedForNull(tokens: readonly SqlToken[], index: number): boolean {
  const after = tokens.slice(index + 1, index + 4).filter((token) => !isWord(token, 'IS', 'NOT'))
  return isWord(tokens[index + 1], 'IS', 'NOT') && isWord(after[0], 'NULL') && !isWord(tokens[index - 1], 'WHEN', 'BETWEEN', 'IS')
}

/** `number IS TRUE` is no comparison: every number but 0 is. */
function asksForTruth(tokens: readonly SqlToken[], index: number, scope: JudgedScope): boolean {
  const operand = tokens[index + (isWord(tokens[index + 1], 'NOT') ? 2 : 1)]
  return isWord(operand, 'TRUE', 'FALSE') && columnOf(tokens.slice(0, index), scope)?.typeName !== 'bool'
}

/** SQLite's IS compares any two values; PostgreSQL's takes NULL and truth values only. */
function translateIs(tokens: readonly SqlToken[], index: number): { readonly text: string; readonly consumed: number } {
  const isNot = isWord(tokens[index + 1], 'NOT')
  const operand = tokens[index + (isNot ? 2 : 1)]
  if (isWord(operand, 'NULL')) return { text: isNot ? 'IS NOT' : 'IS', consumed: isNot ? 1 : 0 }
  if (isWord(operand, 'DISTINCT')) return { text: isNot ? 'IS NOT' : 'IS', consumed: isNot ? 1 : 0 }
  return { text: isNot ? 'IS DISTINCT FROM' : 'IS NOT DISTINCT FROM', consumed: isNot ? 1 : 0 }
}
