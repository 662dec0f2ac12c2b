import type { PostgresColumn } from '@/lib/core/catalogue'
import { quoteName, quoteText } from '@/lib/core/quoted-name'
import { closingBracket, isOperator, isWord, type SqlToken, tokenizeSql } from '@/lib/core/sql-tokens'

/** Words that mean the same in both dialects. */
const sharedWords = new Set([
  'AND',
  'OR',
  'NOT',
  'IN',
  'NULL',
  'BETWEEN',
  'ESCAPE',
  'CASE',
  'WHEN',
  'THEN',
  'ELSE',
  'END',
  'ISNULL',
  'NOTNULL',
  'CURRENT_TIMESTAMP',
  'CURRENT_DATE',
  'DISTINCT',
  'FROM',
])

/** Functions that mean the same, by their PostgreSQL name. Anything else stays behind and is said so. */
const functions: Readonly<Record<string, string>> = {
  ABS: 'abs',
  COALESCE: 'coalesce',
  IFNULL: 'coalesce',
  INSTR: 'strpos',
  LENGTH: 'length',
  LOWER: 'lower',
  LTRIM: 'ltrim',
  NULLIF: 'nullif',
  REPLACE: 'replace',
  ROUND: 'round',
  RTRIM: 'rtrim',
  TRIM: 'trim',
  UPPER: 'upper',
}

const comparisons = new Set(['=', '==', '!=', '<>', '<', '>', '<=', '>=', '+', '-', '*', '/', '%'])

/**
 * An expression of SQLite (CHECK, condition of a partial index, indexed expression, computed column) in PostgreSQL's
 * dialect, or null where the meaning could change. PostgreSQL itself has the last word: callers try the result in a
 * transaction and say what was refused.
 *
 * @param columns the target's columns of the same table: names are spelled as there, booleans compared with numbers are cast
 */
export function translateExpression(expression: string, columns: readonly PostgresColumn[]): string | null {
  const tokens = tokenizeSql(expression)
  const parts: string[] = []
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index]
    if (!token) continue
    if (isWord(token, 'IS')) {
      const { text, consumed } = translateIs(tokens, index)
      parts.push(text)
      index += consumed
      continue
    }
    if (isWord(token, 'JSON_VALID') && isOperator(tokens[index + 1], '(')) {
      const close = closingBracket(tokens, index + 1)
      const inner = translateExpression(expression.slice(tokens[index + 1]?.end, tokens[close]?.start), columns)
      // PostgreSQL 16 and later; older ones refuse it, and then the caller says so.
      if (inner === null) return null
      parts.push(`((${inner}) IS JSON)`)
      index = close
      continue
    }
    const text = translateToken(token, tokens, index, columns)
    if (text === null) return null
    parts.push(text)
  }
  return parts.join(' ')
}

function translateToken(token: SqlToken, tokens: readonly SqlToken[], index: number, columns: readonly PostgresColumn[]): string | null {
  switch (token.kind) {
    case 'string':
      return quoteText(token.text)
    case 'blob':
      return `'\\x${token.text}'::bytea`
    case 'number':
      return /^0x|_/i.test(token.text) ? null : token.text
    case 'operator':
      return translateOperator(token.text)
    case 'quoted':
      // SQLite takes "text" for a string when no column has that name.
      return translateColumn(token.text, tokens, index, columns) ?? (token.quote === '"' ? quoteText(token.text) : null)
    case 'word':
      return translateWord(token, tokens, index, columns)
  }
}

function translateWord(
  token: SqlToken & { kind: 'word' },
  tokens: readonly SqlToken[],
  index: number,
  columns: readonly PostgresColumn[],
): string | null {
  if (isOperator(tokens[index + 1], '(') && functions[token.upper]) return functions[token.upper] ?? null
  const column = isOperator(tokens[index + 1], '(') ? null : translateColumn(token.text, tokens, index, columns)
  if (column !== null) return column
  if (sharedWords.has(token.upper)) return token.upper
  if (token.upper === 'LIKE') return 'ILIKE'
  if (token.upper === 'TRUE') return '1'
  if (token.upper === 'FALSE') return '0'
  return null
}

function translateOperator(text: string): string | null {
  if (text === '==') return '='
  return ['->', '->>', ';', '?', ':', '@', '$', '.'].includes(text) ? null : text
}

function translateColumn(name: string, tokens: readonly SqlToken[], index: number, columns: readonly PostgresColumn[]): string | null {
  const column = columns.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase())
  if (!column) return null
  const quoted = quoteName(column.name)
  return column.typeName === 'bool' && isCompared(tokens, index) ? `(${quoted})::int` : quoted
}

/** Whether the operand at `index` is compared or counted with, rather than being a condition itself. */
function isCompared(tokens: readonly SqlToken[], index: number): boolean {
  const next = tokens[index + 1]
  const before = tokens[index - 1]
  const isComparison = (token: SqlToken | undefined) => token?.kind === 'operator' && comparisons.has(token.text)
  return isComparison(next) || isComparison(before) || isWord(next, 'IN', 'IS', 'NOT', 'BETWEEN')
}

/** SQLite's IS compares any two values; PostgreSQL's takes NULL and truth values only. */
function translateIs(tokens: readonly SqlToken[], index: number): { readonly text: string; readonly consumed: number } {
  const isNot = isWord(tokens[index + 1], 'NOT')
  const operand = tokens[index + (isNot ? 2 : 1)]
  if (isWord(operand, 'NULL')) return { text: isNot ? 'IS NOT' : 'IS', consumed: isNot ? 1 : 0 }
  if (isWord(operand, 'DISTINCT')) return { text: isNot ? 'IS NOT' : 'IS', consumed: isNot ? 1 : 0 }
  return { text: isNot ? 'IS DISTINCT FROM' : 'IS NOT DISTINCT FROM', consumed: isNot ? 1 : 0 }
}
