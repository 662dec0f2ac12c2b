import type { PostgresColumn } from '@/lib/core/catalogue'
import type { SqlToken } from '@/lib/core/sql-tokens'
import {
  asNumber,
  bit,
  castValue,
  columnValue,
  common,
  compare,
  demand,
  isNumber,
  isTextual,
  literalValue,
  nothing,
  numberOf,
  Otherwise,
  safeBits,
  truth,
  type Value,
} from './compared-values'
import { readTree, type Tree } from './expression-tree'

/** What an expression is for: to be tested, an index to find rows by, one in which no two rows are the same, or a column that holds it. */
export type Purpose = 'condition' | 'index' | 'key' | 'computed'

export interface ComparedColumns {
  readonly find: (name: string) => PostgresColumn | undefined
  /** As the source declares the column, in upper case; undefined where that is not known. */
  readonly declaredTypeOf: (column: PostgresColumn) => string | undefined
  /** Whether the column compares by NOCASE or RTRIM. */
  readonly hasOtherCollation: (column: PostgresColumn) => boolean
  /** Whether the file's texts are of UTF-16, whose bytes have another order. */
  readonly isUtf16: boolean
  /** Of what comes out of JSON more is taken where the rows are asked, or nothing hangs on it: in computed columns and ordinary indexes. */
  readonly purpose: Purpose
}

const orders = new Set(['<', '<=', '>', '>='])
const equalities = new Set(['=', '==', '<>', '!=', 'IS', 'IN'])

export interface ComparedAlike {
  readonly tree: Tree
  /** What each of its parts is in both databases, and the whole. */
  readonly values: ReadonlyMap<Tree, Value>
  /** Whether a sum may need more than 64 bits: SQLite goes on with doubles, PostgreSQL refuses the row. */
  readonly isBeyond: boolean
}

/**
 * Whether what an expression compares and computes with is of the same class in both databases. PostgreSQL reads a written text as whatever
 * stands beside it, and SQLite only beside a column: length(t) > '5' is never true there. Null where they differ.
 */
export function comparedAlike(tokens: readonly SqlToken[], columns: ComparedColumns): ComparedAlike | null {
  const tree = readTree(tokens)
  if (tree === null) return null
  const comparison = new Comparison(columns)
  try {
    const value = comparison.valueOf(tree)
    if (columns.purpose === 'condition') demand(value.kind !== 'string')
    // An index keeps the collation of the column that it is over.
    if (columns.purpose === 'index' || columns.purpose === 'key') demand(!value.hasOtherCollation)
    // 1 and '1' and true, and two spellings of a moment, are as many or as few keys there as there are values.
    if (columns.purpose === 'key') demand(!/^(extracted|instant|json)$/.test(value.kind) && !(value.kind === 'text' && value.isMixed))
    // As decimals, sums are what they are; divided, or cut into bits, they are not what SQLite makes of integers.
    if (comparison.isBeyond && columns.purpose === 'condition' && comparison.dividesOrCalls) return null
    // Beyond 64 bits SQLite has doubles, and two keys may be one that as integers are not.
    if (columns.purpose === 'key') demand(!comparison.isBeyond)
    return { tree, values: comparison.values, isBeyond: comparison.isBeyond }
  } catch (error) {
    if (error instanceof Otherwise) return null
    throw error
  }
}

class Comparison {
  readonly values = new Map<Tree, Value>()
  isBeyond = false
  dividesOrCalls = false
  constructor(private readonly columns: ComparedColumns) {}

  valueOf(tree: Tree): Value {
    const value = this.judge(tree)
    this.values.set(tree, value)
    return value
  }

  private judge(tree: Tree): Value {
    switch (tree.kind) {
      case 'literal':
        return literalValue(tree.token)
      case 'name':
        return this.nameValue(tree.token)
      case 'brackets':
        return this.valueOf(tree.parts[0] as Tree)
      case 'list':
        throw new Otherwise()
      case 'sign': {
        const value = this.valueOf(tree.parts[0] as Tree)
        demand(isNumber(value))
        if (tree.parts[0]?.kind !== 'literal') this.negate(value)
        return asNumber(value)
      }
      case 'isNull':
        this.valueOf(tree.parts[0] as Tree)
        return truth
      case 'not':
      case 'isTruth':
        this.truthOf(tree.parts[0] as Tree)
        return truth
      case 'between': {
        const [value, low, high] = tree.parts.map((part) => this.valueOf(part)) as [Value, Value, Value]
        this.compareInOrder(value, low)
        this.compareInOrder(value, high)
        return truth
      }
      case 'case':
        return this.caseValue(tree.base, tree.whens, tree.parts)
      case 'cast':
        return castValue(this.valueOf(tree.parts[0] as Tree), tree.type)
      case 'call':
        return this.callValue(tree.name, tree.parts)
      case 'operation':
        return this.operationValue(tree.operator, tree.parts)
    }
  }

  /** PostgreSQL reads a written text as true or false, SQLite as a number. */
  private truthOf(tree: Tree): void {
    demand(this.valueOf(tree).kind !== 'string')
  }

  private nameValue(token: SqlToken): Value {
    const column = this.columns.find(token.text)
    if (column) return columnValue(column, this.columns.declaredTypeOf(column), this.columns.hasOtherCollation(column))
    if (token.kind === 'quoted') return { kind: 'string', text: token.text }
    if (/^(true|false)$/i.test(token.text)) return bit
    return /^null$/i.test(token.text) ? nothing : { kind: 'other' }
  }

  private caseValue(base: Tree | null, whens: readonly Tree[], parts: readonly Tree[]): Value {
    const asked = base === null ? null : this.valueOf(base)
    for (const when of whens) {
      if (asked === null) this.truthOf(when)
      else compare(asked, this.valueOf(when), false)
    }
    return common(parts.map((part) => this.valueOf(part)))
  }

  private operationValue(operator: string, parts: readonly Tree[]): Value {
    if (operator === '->>') return this.extractedAt(parts[1])
    if (operator === 'LIKE' || operator === 'GLOB') {
      const [operand, pattern] = parts as readonly [Tree, Tree]
      this.demandText(this.valueOf(operand))
      const written = pattern.kind === 'operation' && pattern.operator === 'ESCAPE' ? pattern.parts : [pattern]
      demand(written.every((part) => part.kind === 'literal' && part.token.kind === 'string'))
      return truth
    }
    if (operator === 'AND' || operator === 'OR') {
      for (const part of parts) this.truthOf(part)
      return truth
    }
    const [left, ...others] = parts.map((part) => this.valueOf(part)) as [Value, ...Value[]]
    const right = others[0] ?? nothing
    if (equalities.has(operator)) {
      // What stands in a list is compared as it is: '1' IN (number) is never true.
      for (const other of others) compare(left, operator === 'IN' ? { ...other, readsTexts: false } : other, false)
      return truth
    }
    if (orders.has(operator)) {
      this.compareInOrder(left, right)
      return truth
    }
    if (operator === '||') {
      for (const value of [left, right]) if (value.kind !== 'integer') this.demandText(value)
      return { kind: 'text' }
    }
    demand(isNumber(left) && isNumber(right))
    const value = this.withDivided(numberOf(operator, left, right), operator, parts[1])
    // SQLite divides integers to integers, whatever the column says.
    if (operator === '/') demand(!(value.kind === 'real' && (left.isMixed || right.isMixed)))
    if (operator === '%') demand(value.kind !== 'real')
    // SQLite has decimals as integers or doubles, by what each is, and rounds and divides them as these.
    demand(value.kind !== 'decimal' || this.columns.purpose === 'index')
    if (/[/%&|]/.test(operator)) this.dividesOrCalls = true
    if (value.kind === 'integer' && (value.bits ?? 0) > 63) this.isBeyond = true
    // PostgreSQL counts with 32 bits unless something needs more, and refuses the row.
    const room = Math.max(left.bits ?? 0, right.bits ?? 0) > 31 ? 63 : 31
    if (this.columns.purpose === 'index' && value.kind === 'integer') demand((value.bits ?? 64) <= room)
    return value
  }

  /** The least integer divided by -1 is one more than there are; a condition leaves it to the server, which refuses such a row. */
  private withDivided(value: Value, operator: string, divisor: Tree | undefined): Value {
    const isAny = operator === '/' && divisor?.kind !== 'literal' && this.columns.purpose !== 'condition'
    return isAny && value.kind === 'integer' ? { ...value, bits: (value.bits ?? 63) + 1 } : value
  }

  private callValue(name: string, parts: readonly Tree[]): Value {
    const values = parts.map((part) => this.valueOf(part))
    const first = values[0] ?? nothing
    if (!/^(COALESCE|IFNULL|LENGTH|INSTR|LOWER|UPPER|TRIM)$/.test(name)) this.dividesOrCalls = true
    switch (name) {
      case 'NULLIF':
        return this.nullIf(first, values[1] ?? nothing)
      case 'MIN':
      case 'MAX':
        demand(!values.some((value) => value.hasOtherCollation))
        return asNumber(common(values))
      case 'COALESCE':
      case 'IFNULL':
        return common(values)
      case 'IF':
      case 'IIF':
        demand(parts.length <= 3 && first.kind !== 'string')
        return common(values.slice(1))
      case 'LIKELY':
      case 'UNLIKELY':
        return { ...first, readsTexts: false }
      case 'ABS':
        demand(isNumber(first))
        if (first.bits === 31) this.negate(first)
        return asNumber(first)
      case 'SIGN':
        demand(isNumber(first))
        return bit
      case 'ROUND':
        demand(isNumber(first) && !(first.kind === 'integer' && (first.bits ?? 64) > safeBits))
        return { kind: 'real' }
      case 'LENGTH':
        if (first.kind !== 'bytes') this.demandText(first)
        return { kind: 'integer', bits: 31 }
      case 'INSTR':
        for (const value of values) this.demandText(value)
        return { kind: 'integer', bits: 31 }
      case 'JSON_EXTRACT':
        demand(parts.length === 2)
        return this.extractedAt(parts[1])
      case 'JSON_VALID':
        // Bytes may be JSON of SQLite's own form there, and text here.
        demand(isTextual(first) || first.kind === 'json')
        return truth
      case 'LOWER':
      case 'UPPER':
      case 'LTRIM':
      case 'RTRIM':
      case 'TRIM':
      case 'REPLACE':
        for (const value of values) this.demandText(value)
        return { kind: 'text' }
      case 'SUBSTR':
      case 'SUBSTRING':
        this.demandText(first)
        return { kind: 'text' }
      default:
        return { kind: 'other' }
    }
  }

  /** PostgreSQL answers the first in the type that both are compared in. */
  private nullIf(first: Value, other: Value): Value {
    demand(!isNumber(first) || !isNumber(other) || first.kind === other.kind || other.kind === 'nothing')
    compare(asNumber(first), asNumber(other), false)
    return asNumber(first)
  }

  /** A place in an array: of an object PostgreSQL would take the member of that name. */
  private extractedAt(path: Tree | undefined): Value {
    const isPlace = path?.kind === 'literal' && path.token.text.includes('[')
    demand(!isPlace || /^(index|computed)$/.test(this.columns.purpose))
    return { kind: 'extracted' }
  }

  /** By their bytes PostgreSQL orders the texts of UTF-8 only. */
  private compareInOrder(left: Value, right: Value): void {
    demand(!(this.columns.isUtf16 && isTextual(left) && isTextual(right)))
    compare(left, right, true)
  }

  /** The least integer of a type has no counterpart in it. */
  private negate({ kind, bits }: Value): void {
    if (kind !== 'integer') return
    if (bits === 63) this.isBeyond = true
    if (this.columns.purpose === 'index') demand(bits !== 31 && bits !== 63)
  }

  /** What comes out of JSON is another text where it was true or false. */
  private demandText(value: Value): void {
    demand(isTextual(value) || value.kind === 'nothing' || (value.kind === 'extracted' && /^(index|computed)$/.test(this.columns.purpose)))
  }
}
