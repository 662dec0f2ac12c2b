import type { PostgresColumn } from '@/lib/core/catalogue'
import { closingBracket, isOperator, isWord, type SqlToken, splitAtCommas, tokenizeSql } from '@/lib/core/sql-tokens'
import { isCondition, outermost, resultsOfCase } from './translate-truth'

type Tokens = readonly SqlToken[]
/** What an expression answers in both databases; null where that is not known, or depends on the row. */
type Class = 'integer' | 'real' | 'text' | 'boolean' | 'nothing' | null

/**
 * Whether PostgreSQL keeps what an expression answers in a column of this type as SQLite does: a condition is 1 there and `true` here,
 * a double is written with other digits, and one in an integer column is rounded here alone.
 *
 * @param columns of the same table, as they stand on the target
 */
export function isKeptAlike(expression: string, type: string, columns: readonly PostgresColumn[]): boolean {
  const tokens = tokenizeSql(expression)
  const column = columnOf(tokens, columns)
  if (column !== undefined) return column.type === type || column.typeName === type || isOfClass(classOfColumn(column), type)
  return isOfClass(classOf(tokens, columns), type)
}

function isOfClass(found: Class, type: string): boolean {
  if (found === 'nothing') return true
  if (/^(text|varchar|char|character)/.test(type)) return found === 'text'
  if (/^(smallint|integer|bigint)$/.test(type) || /^numeric/.test(type)) return found === 'integer'
  if (/^(double|real)/.test(type)) return found === 'integer' || found === 'real'
  return type === 'boolean' && found === 'boolean'
}

function classOfColumn({ typeName }: PostgresColumn): Class {
  if (/^(int2|int4|int8|smallint|integer|bigint)$/.test(typeName)) return 'integer'
  if (/^(float8|double precision)$/.test(typeName)) return 'real'
  if (/^(text|varchar|character varying)/.test(typeName)) return 'text'
  return typeName === 'bool' || typeName === 'boolean' ? 'boolean' : null
}

function columnOf([token, ...others]: Tokens, columns: readonly PostgresColumn[]): PostgresColumn | undefined {
  if (others.length > 0 || (token?.kind !== 'word' && token?.kind !== 'quoted')) return undefined
  return columns.find(({ name }) => name.toLowerCase() === token.text.toLowerCase())
}

const arithmetic = new Set(['+', '-', '*', '/', '%'])

function classOf(tokens: Tokens, columns: readonly PostgresColumn[]): Class {
  const [first] = tokens
  if (isOperator(first, '(') && closingBracket(tokens, 0) === tokens.length - 1) return classOf(tokens.slice(1, -1), columns)
  const results = resultsOfCase(tokens)
  if (results !== null) return common(results.map((part) => classOf(part, columns)))
  if (isCondition(tokens)) return 'boolean'
  const outer = outermost(tokens)
  if (outer.some((token) => isOperator(token, '||') || token.text === '->>')) return 'text'
  const operators = outer.filter((token) => token.kind === 'operator' && arithmetic.has(token.text))
  if (operators.length > 0) return classOfSum(operands(tokens, operators).map((part) => classOf(part, columns)))
  const column = columnOf(tokens, columns)
  if (column !== undefined) return classOfColumn(column)
  if (tokens.length === 1) {
    if (first?.kind === 'number') return /^\d+$/.test(first.text) ? 'integer' : 'real'
    if (first?.kind === 'string' || first?.kind === 'quoted') return 'text'
    return isWord(first, 'NULL') ? 'nothing' : isWord(first, 'TRUE', 'FALSE') ? 'integer' : null
  }
  return first?.kind === 'word' && isOperator(tokens[1], '(') ? classOfCall(first.upper, tokens.slice(2, -1), columns) : null
}

function classOfCall(name: string, inside: Tokens, columns: readonly PostgresColumn[]): Class {
  if (name === 'CAST') {
    const type = inside.at(-1)
    return isWord(type, 'INTEGER', 'INT', 'BIGINT')
      ? 'integer'
      : isWord(type, 'TEXT', 'VARCHAR')
        ? 'text'
        : isWord(type, 'REAL', 'DOUBLE', 'FLOAT')
          ? 'real'
          : null
  }
  const classes = splitAtCommas(inside, 0, inside.length).map((part) => classOf(part, columns))
  if (/^(LOWER|UPPER|TRIM|LTRIM|RTRIM|SUBSTR|SUBSTRING|REPLACE)$/.test(name)) return classes[0] === 'text' ? 'text' : null
  if (/^(LENGTH|INSTR|SIGN)$/.test(name)) return classes[0] === null ? null : 'integer'
  if (name === 'JSON_EXTRACT') return 'text'
  if (name === 'ROUND') return 'real'
  if (name === 'IIF' || name === 'IF') return common(classes.slice(1))
  return /^(ABS|COALESCE|IFNULL|NULLIF|MAX|MIN)$/.test(name) ? common(classes) : null
}

/** Of values of which any may be the answer. */
function common(classes: readonly Class[]): Class {
  const known = classes.filter((one) => one !== 'nothing')
  const [first = 'nothing'] = known
  return known.every((one) => one === first) ? first : null
}

function classOfSum(classes: readonly Class[]): Class {
  if (classes.every((one) => one === 'integer')) return 'integer'
  return classes.every((one) => one === 'integer' || one === 'real') ? 'real' : null
}

/** What stands between the operators; before a sign there is nothing. */
function operands(tokens: Tokens, operators: Tokens): readonly Tokens[] {
  const parts: SqlToken[][] = [[]]
  for (const token of tokens) {
    if (operators.includes(token)) parts.push([])
    else parts.at(-1)?.push(token)
  }
  return parts.filter((part) => part.length > 0)
}
