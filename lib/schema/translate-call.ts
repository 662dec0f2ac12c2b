import type { PostgresColumn } from '@/lib/core/catalogue'
import { quoteText } from '@/lib/core/quoted-name'
import type { SqlToken } from '@/lib/core/sql-tokens'
import { demand, Otherwise, type Value } from './compared-values'
import type { Tree } from './expression-tree'

/** Parts of one expression in PostgreSQL's dialect. Both throw Otherwise where the meaning could change. */
export interface Translator {
  /**
   * As the value that SQLite has: what is true is 1.
   *
   * @param isCounted whether it is part of a sum or a product, which SQLite computes with 64 bits. Default: false.
   */
  value(tree: Tree, isCounted?: boolean): string
  /** As a boolean: a number is true unless it is 0. */
  truth(tree: Tree): string
  /** IIF, LIKELY and the like, with results as `result` makes them. */
  choice(call: Tree & { readonly kind: 'call' }, result: (part: Tree) => string): string
  /** What it is in both databases. */
  judged(tree: Tree): Value
  /** The column that it names, and nothing else. */
  columnOf(tree: Tree | undefined): PostgresColumn | undefined
  /** A name as the source spells it. */
  sourceOf(token: SqlToken): string
  /** Where conditions go, in SQLite's SQL, under which the result differs. */
  readonly exceptions: string[]
  /** Whether what is counted is widened: an index over a wider sum would no longer be what queries ask for. */
  readonly isWidened: boolean
}

type Call = Tree & { readonly kind: 'call' }
type Arguments = readonly Tree[]

/** A call of a function of SQLite in PostgreSQL's dialect. Throws Otherwise where there is none that gives the same result. */
export function translateCall(call: Call, translator: Translator, isCounted: boolean): string {
  const { name, parts } = call
  const special = specialCalls[name]
  if (special) return special(parts, translator, call, isCounted)
  const simple = simpleCalls[name]
  demand(simple !== undefined)
  const text = `${simple}(${parts.map((part) => translator.value(part, isCounted || name === 'ABS')).join(', ')})`
  // PostgreSQL's is a double.
  if (name === 'SIGN') return `${text}::int`
  return isCounted && translator.isWidened && /^(LENGTH|INSTR)$/.test(name) ? `${text}::bigint` : text
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

type SpecialCall = (args: Arguments, translator: Translator, call: Call, isCounted: boolean) => string

const specialCalls: Readonly<Record<string, SpecialCall>> = {
  // SQLite's fold ASCII letters only, as PostgreSQL's do under the collation "C".
  LOWER: (args, translator) => folded('lower', args, translator),
  UPPER: (args, translator) => folded('upper', args, translator),
  IIF: choice,
  IF: choice,
  LIKELY: choice,
  UNLIKELY: choice,
  JSON_EXTRACT: ([json, path], translator) => extractJson(json, path, translator),
  MAX: (args, translator, _, isCounted) => extreme('greatest', args, translator, isCounted),
  MIN: (args, translator, _, isCounted) => extreme('least', args, translator, isCounted),
  ROUND: rounded,
  SUBSTR: substring,
  SUBSTRING: substring,
}

function choice(_: Arguments, translator: Translator, call: Call, isCounted: boolean): string {
  return translator.choice(call, (part) => translator.value(part, isCounted))
}

function folded(name: string, [text, ...others]: Arguments, translator: Translator): string {
  demand(text !== undefined && others.length === 0)
  return `${name}((${translator.value(text)}) COLLATE "C")`
}

/** Of several values; of one it is an aggregate. PostgreSQL's pass over NULL, and texts they order by the database's language. */
function extreme(name: string, args: Arguments, translator: Translator, isCounted: boolean): string {
  demand(args.length > 1 && args.every((arg) => /^(integer|real|decimal)$/.test(translator.judged(arg).kind)))
  const values = args.map((arg) => translator.value(arg, isCounted))
  return `CASE WHEN ${values.map((text) => `(${text}) IS NOT NULL`).join(' AND ')} THEN ${name}(${values.join(', ')}) END`
}

/**
 * SQLite rounds halves away from zero, PostgreSQL's double to even; to digits only its numeric can round, which differs. Beyond 2^52 there is
 * nothing to round (`roundFunc` of SQLite's func.c).
 */
function rounded([number, digits]: Arguments, translator: Translator): string {
  demand(number !== undefined && (digits === undefined || (digits.kind === 'literal' && digits.token.text === '0')))
  const text = `(${translator.value(number)})::double precision`
  const nearest = `trunc(${text} + CASE WHEN ${text} < 0 THEN -0.5 ELSE 0.5 END)`
  return `CASE WHEN abs(${text}) > 4503599627370496 THEN ${text} ELSE ${nearest} END`
}

/** From a place counted from the beginning, or the last n characters; before the beginning the two engines count differently. */
function substring([text, start, length]: Arguments, translator: Translator): string {
  demand(text !== undefined && start !== undefined)
  const [from] = start.kind === 'sign' && start.operator === '-' ? start.parts : []
  if (from !== undefined) {
    demand(isPositive(from) && length === undefined)
    return `right(${translator.value(text)}, ${translator.value(from)})`
  }
  // Counted, or instr(…) + 1 and the like, which needs no 64 bits.
  const [found, more] = start.kind === 'operation' && start.operator === '+' ? start.parts : []
  const isFound = found?.kind === 'call' && found.name === 'INSTR' && more !== undefined && isPositive(more)
  demand(isPositive(start) || isFound)
  const place = isFound ? `${translator.value(found)} + ${translator.value(more)}` : translator.value(start)
  if (length === undefined) return `substr(${translator.value(text)}, ${place})`
  demand(length.kind === 'literal' && /^\d+$/.test(length.token.text))
  return `substr(${translator.value(text)}, ${place}, ${length.token.text})`
}

function isPositive(tree: Tree | undefined): boolean {
  return tree?.kind === 'literal' && tree.token.kind === 'number' && /^[1-9]\d*$/.test(tree.token.text)
}

/** `CAST(… AS type)` where both engines give the same; others round, cut or spell differently. */
export function translateCast(
  { type, parts: [operand] }: Tree & { readonly kind: 'cast' },
  translator: Translator,
  isCounted: boolean,
): string {
  demand(operand !== undefined)
  const { kind } = translator.judged(operand)
  const text = translator.value(operand, isCounted)
  if (/^(INTEGER|INT|BIGINT)$/.test(type)) {
    demand(kind === 'integer' || kind === 'real')
    return kind === 'integer' ? `(${text})` : wholePart(`(${text})`)
  }
  if (/^(TEXT|VARCHAR)$/.test(type) && (kind === 'integer' || kind === 'text')) return `(${text})::text`
  if (/^(REAL|DOUBLE|FLOAT)$/.test(type) && kind === 'integer') return `(${text})::double precision`
  throw new Otherwise()
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
export function extractJson(json: Tree | undefined, place: Tree | undefined, translator: Translator): string {
  const column = translator.columnOf(json)
  demand(json?.kind === 'name' && column !== undefined && place?.kind === 'literal' && place.token.kind === 'string')
  const path = place.token.text.startsWith('$') ? place.token.text : `$."${place.token.text}"`
  const steps = pathSteps(path)
  const name = translator.sourceOf(json.token)
  translator.exceptions.push(
    `json_type(${name}, ${quoteText(path)}) IN ('object', 'array', 'true', 'false', 'real')`,
    `instr(${name}, '\\u0000') > 0`,
  )
  const document = /^jsonb?$/.test(column.typeName) ? translator.value(json) : `(${translator.value(json)})::json`
  return `(${document} #>> ARRAY[${steps.map((step) => quoteText(step)).join(', ')}]::text[])`
}

/** The steps of `$.a.b[0]` and `$."a b"`. */
function pathSteps(path: string): readonly string[] {
  const steps = [...path.matchAll(/\.(\w+)|\."([^"]+)"|\[(\d+)\]/g)]
  demand(steps.length > 0 && `$${steps.map(([whole]) => whole).join('')}` === path)
  // PostgreSQL would look for the place in an array too.
  demand(!steps.some(([, bare, quoted]) => /^\d+$/.test(bare ?? quoted ?? '')))
  return steps.map(([, bare, quoted, place]) => bare ?? quoted ?? place ?? '')
}
