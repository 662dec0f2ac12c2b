import { isOperator, isWord, type SqlToken } from '@/lib/core/sql-tokens'

/** An expression as SQLite reads it. What stands in brackets is a tree of its own kind: only a bare column is told from it. */
export type Tree =
  | { readonly kind: 'literal'; readonly token: SqlToken }
  /** A word or a quoted name: a column, or what SQLite makes of a name that no column has. */
  | { readonly kind: 'name'; readonly token: SqlToken }
  | { readonly kind: 'call'; readonly name: string; readonly parts: readonly Tree[] }
  | { readonly kind: 'cast'; readonly type: string; readonly parts: readonly Tree[] }
  | { readonly kind: 'brackets' | 'list' | 'not'; readonly parts: readonly Tree[] }
  | { readonly kind: 'sign'; readonly operator: string; readonly parts: readonly Tree[] }
  | { readonly kind: 'isNull'; readonly isNegated: boolean; readonly parts: readonly Tree[] }
  /** IS TRUE and IS FALSE, which ask of any number. */
  | { readonly kind: 'isTruth'; readonly isTrue: boolean; readonly isNegated: boolean; readonly parts: readonly Tree[] }
  /** `IS DISTINCT FROM` is IS, negated. Of IN the parts are what is looked for, and what it is looked for among. */
  | { readonly kind: 'operation'; readonly operator: string; readonly isNegated: boolean; readonly parts: readonly Tree[] }
  | { readonly kind: 'between'; readonly isNegated: boolean; readonly parts: readonly Tree[] }
  /** The base, if there is one, and what it is compared with, or the conditions; then the results, that of ELSE last if there is one. */
  | { readonly kind: 'case'; readonly base: Tree | null; readonly whens: readonly Tree[]; readonly parts: readonly Tree[] }

/** From loose to close (https://sqlite.org/lang_expr.html#operators_and_parse_affecting_attributes). */
const binding: readonly (readonly string[])[] = [
  ['OR'],
  ['AND'],
  ['NOT'],
  ['=', '==', '<>', '!=', 'IS', 'IN', 'LIKE', 'GLOB', 'BETWEEN', 'ISNULL', 'NOTNULL'],
  ['<', '<=', '>', '>='],
  ['ESCAPE'],
  ['&', '|', '<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
  ['||', '->', '->>'],
]
const levels = new Map(binding.flatMap((operators, level) => operators.map((operator) => [operator, level] as const)))
const notLevel = levels.get('NOT') ?? 0
const closest = binding.length

class Unread extends Error {}

/** The tree of an expression; null for one of a form that is not known here. */
export function readTree(tokens: readonly SqlToken[]): Tree | null {
  try {
    return new TreeReader(tokens).readAll()
  } catch (error) {
    if (error instanceof Unread) return null
    throw error
  }
}

class TreeReader {
  private at = 0
  constructor(private readonly tokens: readonly SqlToken[]) {}

  readAll(): Tree {
    const tree = this.read(0)
    if (this.at < this.tokens.length) throw new Unread()
    return tree
  }

  private read(level: number): Tree {
    let left = this.readFirst()
    for (;;) {
      const operator = this.operatorAhead()
      const own = operator === null ? undefined : levels.get(operator)
      if (operator === null || own === undefined || own < level) return left
      left = this.readRest(left, operator, own)
    }
  }

  /** The operator that comes next, whatever NOT stands before it. */
  private operatorAhead(): string | null {
    const token = this.tokens[this.at]
    const next = this.tokens[this.at + 1]
    if (isWord(token, 'NOT')) return isWord(next, 'NULL') ? 'NOTNULL' : next?.kind === 'word' ? next.upper : null
    return token?.kind === 'word' ? token.upper : token?.kind === 'operator' ? token.text : null
  }

  private readRest(left: Tree, operator: string, level: number): Tree {
    const isNegated = this.take('NOT')
    this.at += 1
    if (operator === 'ISNULL' || operator === 'NOTNULL') return { kind: 'isNull', isNegated: operator === 'NOTNULL', parts: [left] }
    if (operator === 'BETWEEN') {
      const low = this.read(level + 1)
      this.need('AND')
      return { kind: 'between', isNegated, parts: [left, low, this.read(level + 1)] }
    }
    if (operator === 'IN') return { kind: 'operation', operator, isNegated, parts: [left, ...this.readList()] }
    if (operator === 'IS') return this.readIs(left, level)
    return { kind: 'operation', operator, isNegated, parts: [left, this.read(level + 1)] }
  }

  private readIs(left: Tree, level: number): Tree {
    const isNot = this.take('NOT')
    const isDistinct = this.take('DISTINCT')
    if (isDistinct) this.need('FROM')
    const isNegated = isNot !== isDistinct
    const right = this.read(level + 1)
    // IS (TRUE) asks for the truth as well; nobody writes it.
    if (right.kind === 'brackets' && right.parts[0]?.kind === 'name' && isWord(right.parts[0].token, 'TRUE', 'FALSE')) throw new Unread()
    if (right.kind === 'name' && isWord(right.token, 'NULL')) return { kind: 'isNull', isNegated, parts: [left] }
    if (right.kind === 'name' && isWord(right.token, 'TRUE', 'FALSE'))
      return { kind: 'isTruth', isTrue: isWord(right.token, 'TRUE'), isNegated, parts: [left] }
    return { kind: 'operation', operator: 'IS', isNegated, parts: [left, right] }
  }

  private readFirst(): Tree {
    const token = this.tokens[this.at]
    if (!token) throw new Unread()
    this.at += 1
    if (isOperator(token, '(')) {
      this.at -= 1
      const parts = this.readList()
      return { kind: parts.length === 1 ? 'brackets' : 'list', parts }
    }
    if (isOperator(token, '-') || isOperator(token, '+')) return { kind: 'sign', operator: token.text, parts: [this.read(closest)] }
    if (isWord(token, 'NOT')) return { kind: 'not', parts: [this.read(notLevel)] }
    if (isWord(token, 'CASE')) return this.readCase()
    if (token.kind === 'word' && isOperator(this.tokens[this.at], '(')) return this.readCall(token.upper)
    if (token.kind === 'operator') throw new Unread()
    return { kind: token.kind === 'word' || token.kind === 'quoted' ? 'name' : 'literal', token }
  }

  private readCall(name: string): Tree {
    if (name !== 'CAST') return { kind: 'call', name, parts: this.readList() }
    this.at += 1
    const operand = this.read(0)
    this.need('AS')
    const type: string[] = []
    for (let depth = 0; !(depth === 0 && isOperator(this.tokens[this.at], ')')); this.at += 1) {
      const token = this.tokens[this.at]
      if (!token) throw new Unread()
      depth += isOperator(token, '(') ? 1 : isOperator(token, ')') ? -1 : 0
      type.push(token.text.toUpperCase())
    }
    this.at += 1
    return { kind: 'cast', type: type.join(' '), parts: [operand] }
  }

  private readCase(): Tree {
    const base = isWord(this.tokens[this.at], 'WHEN') ? null : this.read(0)
    const whens: Tree[] = []
    const parts: Tree[] = []
    while (this.take('WHEN')) {
      whens.push(this.read(0))
      this.need('THEN')
      parts.push(this.read(0))
    }
    if (this.take('ELSE')) parts.push(this.read(0))
    this.need('END')
    return { kind: 'case', base, whens, parts }
  }

  /** What stands between brackets, apart by commas. */
  private readList(): readonly Tree[] {
    if (!isOperator(this.tokens[this.at], '(')) throw new Unread()
    this.at += 1
    const parts: Tree[] = []
    if (isOperator(this.tokens[this.at], ')')) {
      this.at += 1
      return parts
    }
    for (;;) {
      parts.push(this.read(0))
      const token = this.tokens[this.at]
      this.at += 1
      if (isOperator(token, ')')) return parts
      if (!isOperator(token, ',')) throw new Unread()
    }
  }

  private take(word: string): boolean {
    if (!isWord(this.tokens[this.at], word)) return false
    this.at += 1
    return true
  }

  private need(word: string): void {
    if (!this.take(word)) throw new Unread()
  }
}
