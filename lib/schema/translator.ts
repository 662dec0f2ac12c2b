import { hasTextAffinity, isReal } from '@/lib/core/affinity'
import type { PostgresColumn } from '@/lib/core/catalogue'
import { quoteName, quoteText } from '@/lib/core/quoted-name'
import { isWord, type SqlToken } from '@/lib/core/sql-tokens'
import type { ComparedAlike, ComparedColumns } from './compared-alike'
import { demand, isNumber, isTextual, nothing, Otherwise, type Value } from './compared-values'
import type { Tree } from './expression-tree'
import { extractJson, type Translator, translateCall, translateCast } from './translate-call'
import { globPattern, likePattern } from './translate-pattern'

/** What an expression is translated by: what was found out about its parts. */
export interface TranslatorInput extends ComparedAlike, Pick<ComparedColumns, 'find' | 'declaredTypeOf' | 'purpose'> {
  readonly expression: string
}

const orders = new Set(['<', '<=', '>', '>='])
const equalities = new Map([
  ['=', '='],
  ['==', '='],
  ['<>', '<>'],
  ['!=', '<>'],
])
/** Shifts count bits otherwise. */
const arithmetic = new Set(['+', '-', '*', '/', '%', '&', '|'])

/** Translates what was judged to be the same in both databases. */
export class ExpressionTranslator implements Translator {
  readonly exceptions: string[] = []
  readonly isWidened: boolean
  private readonly widest: 'bigint' | 'numeric'
  constructor(private readonly input: TranslatorInput) {
    this.isWidened = input.purpose !== 'index'
    // What is kept is an integer: beyond 64 bits it is none in SQLite either.
    this.widest = input.isBeyond && input.purpose === 'condition' ? 'numeric' : 'bigint'
  }

  judged(tree: Tree): Value {
    return this.input.values.get(tree) ?? nothing
  }

  columnOf(tree: Tree | undefined): PostgresColumn | undefined {
    return tree?.kind === 'name' ? this.input.find(tree.token.text) : undefined
  }

  sourceOf(token: SqlToken): string {
    return this.input.expression.slice(token.start, token.end)
  }

  value(tree: Tree, isCounted = false): string {
    if (this.judged(tree).isTruth)
      return `(${this.truth(withoutBrackets(tree))})::int${isCounted && this.isWidened ? `::${this.widest}` : ''}`
    switch (tree.kind) {
      case 'literal':
        return this.literal(tree.token, isCounted && this.isWidened)
      case 'name':
        return this.nameText(tree.token, isCounted && this.isWidened)
      case 'brackets':
        return `(${this.value(tree.parts[0] as Tree, isCounted)})`
      case 'sign': {
        const [operand] = tree.parts as [Tree]
        return `${tree.operator} ${this.within(operand, this.value(operand, isCounted || operand.kind !== 'literal'))}`
      }
      case 'operation':
        return this.operation(tree.operator, tree.parts as readonly [Tree, Tree], isCounted)
      case 'case':
        return this.caseText(tree, (part) => this.value(part, isCounted))
      case 'cast':
        return translateCast(tree, this, isCounted)
      case 'call':
        return translateCall(tree, this, isCounted)
      default:
        throw new Otherwise()
    }
  }

  truth(tree: Tree): string {
    const [first] = tree.kind === 'literal' || tree.kind === 'name' ? [] : tree.parts
    switch (tree.kind) {
      case 'brackets':
        return `(${this.truth(first as Tree)})`
      case 'not':
        return `NOT (${this.truth(first as Tree)})`
      case 'isNull':
        return `${this.plain(first as Tree)} IS ${tree.isNegated ? 'NOT ' : ''}NULL`
      case 'isTruth':
        return `((${this.truth(first as Tree)}) IS ${tree.isNegated ? 'NOT ' : ''}${tree.isTrue ? 'TRUE' : 'FALSE'})`
      case 'between': {
        const [low, high] = tree.parts.slice(1).map((part) => this.operand(part))
        return `${this.ordered(tree.parts)} ${tree.isNegated ? 'NOT ' : ''}BETWEEN ${low} AND ${high}`
      }
      case 'operation':
        return this.truthOfOperation(tree)
      case 'case':
        return this.caseText(tree, (part) => this.truth(part))
      case 'call':
        return this.truthOfCall(tree)
      case 'name':
        if (/^bool/.test(this.columnOf(tree)?.typeName ?? '')) return quoteName(this.columnOf(tree)?.name ?? '')
        if (isWord(tree.token, 'TRUE', 'FALSE') && !this.columnOf(tree)) return tree.token.text.toUpperCase()
        return this.truthOfNumber(tree)
      case 'literal':
        return tree.token.kind === 'number' ? (Number(tree.token.text) === 0 ? 'FALSE' : 'TRUE') : this.truthOfNumber(tree)
      default:
        return this.truthOfNumber(tree)
    }
  }

  private truthOfNumber(tree: Tree): string {
    const judged = this.judged(tree)
    if (judged.kind === 'nothing') return 'NULL::boolean'
    demand(isNumber(judged) && !judged.isTruth)
    return `(${this.operand(tree)} <> 0)`
  }

  private truthOfOperation(tree: Tree & { kind: 'operation' }): string {
    const { operator, isNegated } = tree
    const [left, ...others] = tree.parts as readonly [Tree, ...Tree[]]
    const [right] = others as [Tree]
    const not = isNegated ? 'NOT ' : ''
    if (operator === 'AND' || operator === 'OR') return `${this.truth(left)} ${operator} ${this.truth(right)}`
    const ofClass = this.truthOfClass(tree)
    if (ofClass !== null) return ofClass
    if (orders.has(operator)) return `${this.ordered(tree.parts)} ${operator} ${this.operand(right)}`
    if (equalities.has(operator)) return `${this.operand(left)} ${equalities.get(operator)} ${this.operand(right)}`
    if (operator === 'IS') return `${this.operand(left)} IS ${isNegated ? '' : 'NOT '}DISTINCT FROM ${this.operand(right)}`
    if (operator === 'IN') {
      demand(others.length > 0)
      return `${this.operand(left)} ${not}IN (${others.map((part) => this.value(part)).join(', ')})`
    }
    if (operator === 'LIKE' || operator === 'GLOB') {
      const [pattern, character] = right.kind === 'operation' ? right.parts : [right]
      const [text, escapedBy] = [pattern, character].map((part) => (part?.kind === 'literal' ? part.token.text : null))
      const form = operator === 'GLOB' ? globPattern(text ?? '', isNegated) : likePattern(text ?? '', escapedBy ?? null, isNegated)
      demand(form !== null)
      return `${this.operand(left)} ${form}`
    }
    return this.truthOfNumber(tree)
  }

  private truthOfCall(tree: Tree & { kind: 'call' }): string {
    const { name, parts } = tree
    switch (name) {
      case 'COALESCE':
      case 'IFNULL':
        return `coalesce(${parts.map((part) => this.truth(part)).join(', ')})`
      case 'IF':
      case 'IIF':
      case 'LIKELY':
      case 'UNLIKELY':
        return this.choice(tree, (part) => this.truth(part))
      case 'JSON_VALID':
        return this.isJson(parts[0] as Tree)
      default:
        return this.truthOfNumber(tree)
    }
  }

  /** Nothing else gets into a column of JSON; of NULL nothing is said. PostgreSQL older than 16 refuses IS JSON, and then the caller says so. */
  private isJson(tree: Tree): string {
    return this.judged(tree).kind === 'json' ? `CASE WHEN ${this.value(tree)} IS NOT NULL THEN TRUE END` : `(${this.operand(tree)} IS JSON)`
  }

  /** `typeof(column) = 'integer'` and the like, where the column's type leaves one class, and that is among those asked for. */
  private truthOfClass({ operator, isNegated, parts: [left, ...asked] }: Tree & { kind: 'operation' }): string | null {
    if (left?.kind !== 'call' || left.name !== 'TYPEOF') return null
    const column = this.columnOf(left.parts[0])
    const own = column && classOf(column, this.input.declaredTypeOf(column))
    const equals = equalities.get(operator)
    demand(column !== undefined && own != null && (operator === 'IN' || equals !== undefined))
    const listed = new Set(asked.map((part) => (part.kind === 'literal' && part.token.kind === 'string' ? part.token.text : null)))
    const isOther = isNegated || equals === '<>'
    demand(!listed.has(null) && listed.has(own) !== isOther)
    return listed.has('null') === isOther ? `(${quoteName(column.name)} IS NOT NULL)` : 'TRUE'
  }

  private operation(operator: string, parts: readonly [Tree, Tree], isCounted: boolean): string {
    const [left, right] = parts
    if (operator === '->>') return extractJson(left, right, this)
    if (operator === '||') return parts.map((part, at) => this.joined(part, isCounted, at === 0 ? operator : '')).join(' || ')
    demand(arithmetic.has(operator))
    // SQLite has the bits of doubles as well.
    if (operator === '&' || operator === '|') demand([left, right].every((part) => /^(integer|nothing)$/.test(this.judged(part).kind)))
    return `${this.operand(left, true, operator)} ${operator} ${/[/%]/.test(operator) ? this.divisor(right) : this.operand(right, true)}`
  }

  /** PostgreSQL joins no two numbers. */
  private joined(tree: Tree, isCounted: boolean, beside: string): string {
    return this.judged(tree).kind === 'integer' ? `(${this.value(tree)})::text` : this.operand(tree, isCounted, beside)
  }

  /** SQLite divides by zero to NULL, PostgreSQL refuses the row. */
  private divisor(tree: Tree): string {
    const text = this.value(tree, true)
    return tree.kind === 'literal' && Number(tree.token.text) !== 0 ? text : `nullif(${text}, 0)`
  }

  /** `beside` is the operator that stands on its right: one after the other of the same needs no brackets. */
  private operand(tree: Tree, isCounted = false, beside = ''): string {
    return this.within(tree, this.value(tree, isCounted), beside)
  }

  private within(tree: Tree, text: string, beside = ''): string {
    const isBound = tree.kind !== 'operation' || tree.operator === beside || this.judged(tree).isTruth
    return isBound ? text : `(${text})`
  }

  /** What no test for NULL reads otherwise. */
  private plain(tree: Tree): string {
    const column = this.columnOf(tree)
    return column ? quoteName(column.name) : this.operand(tree)
  }

  /** The first of what is put in order: texts by their bytes, where PostgreSQL goes by the database's language. */
  private ordered([first, ...others]: readonly Tree[]): string {
    const text = this.operand(first as Tree)
    const areTexts = isTextual(this.judged(first as Tree)) && others.some((other) => isTextual(this.judged(other)))
    return areTexts ? `${text} COLLATE "C"` : text
  }

  private caseText({ base, whens, parts }: Tree & { kind: 'case' }, result: (part: Tree) => string): string {
    const asked = whens.map((when, at) => `WHEN ${base === null ? this.truth(when) : this.value(when)} THEN ${result(parts[at] as Tree)} `)
    const otherwise = parts.length > whens.length ? `ELSE ${result(parts.at(-1) as Tree)} ` : ''
    return `CASE ${base === null ? '' : `${this.operand(base)} `}${asked.join('')}${otherwise}END`
  }

  choice({ name, parts }: Tree & { kind: 'call' }, result: (part: Tree) => string): string {
    const [condition, then, otherwise] = parts
    demand(condition !== undefined)
    if (name === 'LIKELY' || name === 'UNLIKELY') return `(${result(condition)})`
    demand(then !== undefined)
    return `CASE WHEN ${this.truth(condition)} THEN ${result(then)} ${otherwise === undefined ? '' : `ELSE ${result(otherwise)} `}END`
  }

  private literal(token: SqlToken, isWide: boolean): string {
    if (token.kind === 'string') return quoteText(token.text)
    if (token.kind === 'blob') return `'\\x${token.text}'::bytea`
    demand(!/^0x|_/i.test(token.text))
    return isWide && !/^\d+$/.test(token.text) ? `${token.text}::double precision` : token.text
  }

  private nameText(token: SqlToken, isWide: boolean): string {
    const column = this.input.find(token.text)
    if (column) return isWide ? this.widened(column) : quoteName(column.name)
    // SQLite takes "text" for a string when no column has that name.
    if (token.kind === 'quoted' && token.quote === '"') return quoteText(token.text)
    if (isWord(token, 'TRUE', 'FALSE')) return isWord(token, 'TRUE') ? '1' : '0'
    demand(isWord(token, 'NULL'))
    return 'NULL'
  }

  /** SQLite computes with 64 bits, and with doubles, whatever the columns hold. */
  private widened({ name, typeName }: PostgresColumn): string {
    const quoted = quoteName(name)
    if (!/^(int|smallint|bigint)/.test(typeName)) return quoted
    return /^(int8|bigint)$/.test(typeName) && this.widest === 'bigint' ? quoted : `(${quoted})::${this.widest}`
  }
}

function withoutBrackets(tree: Tree): Tree {
  return tree.kind === 'brackets' ? withoutBrackets(tree.parts[0] as Tree) : tree
}

/** What `typeof` says of each value of a column of these two types, unless it is NULL. */
function classOf({ typeName }: PostgresColumn, declaredType: string | undefined): 'integer' | 'real' | 'text' | 'blob' | null {
  if (declaredType === undefined) return null
  if (/^(int|smallint|bigint)/.test(typeName) && declaredType.includes('INT')) return 'integer'
  if (typeName === 'bool' && declaredType.includes('BOOL')) return 'integer'
  if (/^(text|varchar|bpchar|character varying|char)/.test(typeName) && hasTextAffinity(declaredType)) return 'text'
  if (/^(float8|double)/.test(typeName) && isReal(declaredType)) return 'real'
  return typeName === 'bytea' && declaredType.includes('BLOB') ? 'blob' : null
}
