import type { PostgresColumn } from '@/lib/core/catalogue'
import { quoteText } from '@/lib/core/quoted-name'
import { isOperator, isWord, type SqlToken, splitAtCommas } from '@/lib/core/sql-tokens'

export interface CallContext {
  /** The column that tokens name, if they name one and nothing else. */
  readonly columnOf: (tokens: readonly SqlToken[]) => PostgresColumn | null
  /** Tokens in PostgreSQL's dialect, null where they have no equal. */
  readonly translate: (tokens: readonly SqlToken[]) => string | null
  /** Tokens as a condition; null where they have no equal. */
  readonly truth: (tokens: readonly SqlToken[]) => string | null
  /** Tokens as SQLite has them. */
  readonly source: (tokens: readonly SqlToken[]) => string
  /** Where conditions go under which the result differs. */
  readonly exceptions: string[]
  /** Whether the call is part of a sum or a product, which is of 64 bits. */
  readonly isWide: boolean
}

type Argument = readonly SqlToken[]

/** A call of a function of SQLite in PostgreSQL's dialect; null where there is none that gives the same result. */
export function translateCall(name: string, inside: readonly SqlToken[], context: CallContext): string | null {
  if (name === 'CAST') return translateCast(inside, context)
  const args = splitAtCommas(inside, 0, inside.length)
  const special = specialCalls[name]
  if (special) return special(args, context)
  const simple = simpleCalls[name]
  if (simple === undefined) return null
  // A boolean is a number in SQLite, beside others here.
  const translated = args.map((arg) =>
    context.columnOf(arg)?.typeName === 'bool' ? `(${context.translate(arg)})::int` : context.translate(arg),
  )
  const call = `${simple}(${translated.join(', ')})`
  if (translated.includes(null)) return null
  // PostgreSQL's is a double.
  if (name === 'SIGN') return `${call}::int`
  return context.isWide && name === 'LENGTH' ? `${call}::bigint` : call
}

/** Functions that mean the same, by their PostgreSQL name. */
const simpleCalls: Readonly<Record<string, string>> = {
  ABS: 'abs',
  COALESCE: 'coalesce',
  IFNULL: 'coalesce',
  INSTR: 'strpos',
  LENGTH: 'length',
  LTRIM: 'ltrim',
  NULLIF: 'nullif',
  REPLACE: 'replace',
  RTRIM: 'rtrim',
  SIGN: 'sign',
  TRIM: 'btrim',
}

const specialCalls: Readonly<Record<string, (args: readonly Argument[], context: CallContext) => string | null>> = {
  // SQLite's fold ASCII letters only, as PostgreSQL's do under the collation "C".
  LOWER: (args, context) => folded('lower', args, context),
  UPPER: (args, context) => folded('upper', args, context),
  IIF: translateIif,
  IF: translateIif,
  JSON_EXTRACT: ([json, path], context) => extractJson(json, path, context),
  JSON_VALID: ([json], context) => {
    const text = json === undefined ? null : context.translate(json)
    // PostgreSQL 16 and later; older ones refuse it, and then the caller says so.
    return text === null ? null : `((${text}) IS JSON)`
  },
  MAX: (args, context) => translateExtreme('greatest', args, context),
  MIN: (args, context) => translateExtreme('least', args, context),
  ROUND: translateRound,
  SUBSTR: translateSubstring,
  SUBSTRING: translateSubstring,
}

function folded(name: string, [text, ...others]: readonly Argument[], context: CallContext): string | null {
  const translated = text === undefined || others.length > 0 ? null : context.translate(text)
  return translated === null ? null : `${name}((${translated}) COLLATE "C")`
}

function translateIif([condition, then, otherwise]: readonly Argument[], { translate, truth }: CallContext): string | null {
  const asked = condition === undefined ? null : truth(condition)
  const [yes, no] = [then, otherwise].map((part) => (part === undefined ? null : translate(part)))
  if (asked === null || yes == null || (otherwise !== undefined && no == null)) return null
  return `CASE WHEN ${asked} THEN ${yes} ${no == null ? '' : `ELSE ${no} `}END`
}

/** Of several values; of one it is an aggregate. PostgreSQL's pass over NULL, and texts they order by the database's language. */
function translateExtreme(name: string, args: readonly Argument[], { translate, columnOf }: CallContext): string | null {
  const isNumber = (arg: Argument) => {
    const type = columnOf(arg)?.typeName
    return type === undefined ? arg.every(({ kind, text }) => kind === 'number' || text === '-') : /^(int|float8|numeric)/.test(type)
  }
  const values = args.map(translate)
  if (args.length < 2 || !args.every(isNumber) || values.includes(null)) return null
  return `CASE WHEN ${values.map((value) => `(${value}) IS NOT NULL`).join(' AND ')} THEN ${name}(${values.join(', ')}) END`
}

/** SQLite rounds halves away from zero, PostgreSQL's double to even; to digits only its numeric can round, which differs. */
function translateRound([number, digits]: readonly Argument[], { translate }: CallContext): string | null {
  const translated = number === undefined ? null : translate(number)
  if (translated === null || (digits !== undefined && digits[0]?.text !== '0')) return null
  return `trunc((${translated}) + CASE WHEN (${translated}) < 0 THEN -0.5 ELSE 0.5 END)`
}

/** From a place counted from the beginning, or the last n characters; before the beginning the two engines count differently. */
function translateSubstring([text, start, length]: readonly Argument[], { translate }: CallContext): string | null {
  const translated = text === undefined ? null : translate(text)
  if (translated === null || start === undefined) return null
  const [first, second] = start
  if (start.length === 2 && isOperator(first, '-') && second?.kind === 'number' && /^[1-9]\d*$/.test(second.text))
    return length === undefined ? `right(${translated}, ${second.text})` : null
  const isCounted = start.length === 1 && first?.kind === 'number' && /^[1-9]\d*$/.test(first.text)
  // instr(…) + 1 and the like.
  const isFound = isWord(first, 'INSTR') && isOperator(start.at(-2), '+') && /^[1-9]\d*$/.test(start.at(-1)?.text ?? '')
  const from = isCounted || isFound ? translate(start) : null
  if (from === null) return null
  if (length === undefined) return `substr(${translated}, ${from})`
  const [size, ...others] = length
  return others.length === 0 && size?.kind === 'number' && /^\d+$/.test(size.text) ? `substr(${translated}, ${from}, ${size.text})` : null
}

/** `CAST(column AS type)` where both engines give the same; others round, cut or spell differently. */
function translateCast(inside: readonly SqlToken[], { columnOf, translate }: CallContext): string | null {
  const as = inside.findLastIndex((token) => isWord(token, 'AS'))
  const operand = inside.slice(0, as)
  const column = as < 0 ? null : columnOf(operand)
  const text = column === null ? null : translate(operand)
  const type = inside
    .slice(as + 1)
    .map((token) => token.text.toUpperCase())
    .join(' ')
  if (column === null || text === null) return null
  const isInteger = /^(int|smallint|integer|bigint)/.test(column.typeName)
  const isText = /^(text|varchar|character varying)/.test(column.typeName)
  if (/^(INTEGER|INT|BIGINT)$/.test(type)) return isInteger ? text : /^(float8|double)/.test(column.typeName) ? wholePart(text) : null
  if (/^(TEXT|VARCHAR)$/.test(type)) return isInteger || isText ? `(${text})::text` : null
  if (/^(REAL|DOUBLE|FLOAT)$/.test(type)) return isInteger ? `(${text})::double precision` : null
  return null
}

/** Beyond 64 bits SQLite answers the nearest that there is. */
function wholePart(number: string): string {
  const bounds = `WHEN ${number} >= 9223372036854775807 THEN 9223372036854775807 WHEN ${number} <= -9223372036854775808 THEN -9223372036854775808`
  return `CASE ${bounds} ELSE trunc(${number})::bigint END`
}

/**
 * `json_extract(column, '$.path')` and `column ->> 'key'` give texts and whole numbers as PostgreSQL's `#>>` does; what else may stand there
 * (a truth value is 1 there and true here, an object is spelled otherwise) is an exception that the rows are asked for.
 */
export function extractJson(json: Argument | undefined, place: Argument | undefined, context: CallContext): string | null {
  const column = json === undefined ? null : context.columnOf(json)
  const [literal, ...others] = place ?? []
  if (json === undefined || column === null || literal?.kind !== 'string' || others.length > 0) return null
  const path = literal.text.startsWith('$') ? literal.text : `$."${literal.text}"`
  const steps = pathSteps(path)
  if (steps === null) return null
  const text = context.translate(json)
  if (text === null) return null
  const name = context.source(json)
  context.exceptions.push(
    `json_type(${name}, ${quoteText(path)}) IN ('object', 'array', 'true', 'false', 'real')`,
    `instr(${name}, '\\u0000') > 0`,
  )
  const document = /^jsonb?$/.test(column.typeName) ? text : `(${text})::json`
  return `(${document} #>> ARRAY[${steps.map((step) => quoteText(step)).join(', ')}]::text[])`
}

/** The steps of `$.a.b[0]` and `$."a b"`; null for another form. */
function pathSteps(path: string): readonly string[] | null {
  const steps = [...path.matchAll(/\.(\w+)|\."([^"]+)"|\[(\d+)\]/g)]
  if (steps.length === 0 || `$${steps.map(([whole]) => whole).join('')}` !== path) return null
  // PostgreSQL would look for the place in an array too.
  if (steps.some(([, bare, quoted]) => /^\d+$/.test(bare ?? quoted ?? ''))) return null
  return steps.map(([, bare, quoted, place]) => bare ?? quoted ?? place ?? '')
}
