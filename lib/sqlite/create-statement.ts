import type { CheckConstraint } from '@/lib/core/catalogue'
import { closingBracket, isOperator, isWord, type SqlToken, splitAtCommas, tokenizeSql } from '@/lib/core/sql-tokens'

/** What only the text of CREATE TABLE tells: no pragma gives these. */
export interface CreateTableDetails {
  readonly checks: readonly CheckConstraint[]
  /** Expression of each generated column, by lower-case name. */
  readonly generated: ReadonlyMap<string, string>
  /** COLLATE of each column that names one, by lower-case name, upper case. */
  readonly collations: ReadonlyMap<string, string>
  /** For each foreign key in the order of writing: its constraint name and whether it is checked at commit. */
  readonly foreignKeys: readonly { readonly name: string | null; readonly deferred: boolean }[]
  readonly autoIncrement: boolean
}

/** Reads the parts of a CREATE TABLE statement that SQLite's pragmas leave out. */
export function parseCreateTable(sql: string): CreateTableDetails {
  const tokens = tokenizeSql(sql)
  const open = tokens.findIndex((token) => isOperator(token, '('))
  const details = {
    checks: [] as CheckConstraint[],
    generated: new Map<string, string>(),
    collations: new Map<string, string>(),
    foreignKeys: [] as { name: string | null; deferred: boolean }[],
    autoIncrement: false,
  }
  if (open < 0) return details
  for (const part of splitAtCommas(tokens, open + 1, closingBracket(tokens, open))) readDefinition(sql, part, details)
  return details
}

/** What only the text of CREATE INDEX tells: expressions and the condition. */
export function parseCreateIndex(sql: string): { readonly expressions: readonly string[]; readonly where: string | null } {
  const tokens = tokenizeSql(sql)
  const open = tokens.findIndex((token) => isOperator(token, '('))
  const close = closingBracket(tokens, open)
  const expressions = splitAtCommas(tokens, open + 1, close).map((part) => withoutOrder(sql, part))
  const where = tokens[close + 1]
  const last = tokens.findLast((token) => !isOperator(token, ';'))
  return { expressions, where: isWord(where, 'WHERE') && where && last ? sql.slice(where.end, last.end).trim() : null }
}

type MutableDetails = {
  checks: CheckConstraint[]
  generated: Map<string, string>
  collations: Map<string, string>
  foreignKeys: { name: string | null; deferred: boolean }[]
  autoIncrement: boolean
}

const tableConstraints = ['CONSTRAINT', 'PRIMARY', 'UNIQUE', 'CHECK', 'FOREIGN']

/** One column or one table constraint. */
function readDefinition(sql: string, part: readonly SqlToken[], details: MutableDetails): void {
  const first = part[0]
  const column = first && !isWord(first, ...tableConstraints) ? first.text.toLowerCase() : null
  let constraint: string | null = null
  for (let index = 0; index < part.length; index += 1) {
    const token = part[index]
    if (isOperator(token, '(')) {
      index = closingBracket(part, index)
      continue
    }
    if (isWord(token, 'CONSTRAINT')) {
      constraint = part[index + 1]?.text ?? null
      index += 1
    } else if (isWord(token, 'CHECK') && isOperator(part[index + 1], '(')) {
      details.checks.push({ name: constraint, expression: inside(sql, part, index + 1) })
      constraint = null
    } else if (isWord(token, 'REFERENCES')) {
      details.foreignKeys.push({ name: constraint, deferred: isDeferred(part, index) })
      constraint = null
    } else if (isWord(token, 'AUTOINCREMENT')) {
      details.autoIncrement = true
    } else if (column !== null && index > 0 && isWord(token, 'COLLATE')) {
      details.collations.set(column, (part[index + 1]?.text ?? 'BINARY').toUpperCase())
    } else if (column !== null && index > 0 && isWord(token, 'AS') && isOperator(part[index + 1], '(')) {
      details.generated.set(column, inside(sql, part, index + 1))
    }
  }
}

function inside(sql: string, part: readonly SqlToken[], open: number): string {
  const close = closingBracket(part, open)
  return sql.slice(part[open]?.end, part[close]?.start).trim()
}

/**
 * The last [NOT] DEFERRABLE [INITIALLY …] before the next REFERENCES of the same column. SQLite takes INITIALLY DEFERRED behind
 * NOT DEFERRABLE too, and checks at once all the same.
 */
function isDeferred(part: readonly SqlToken[], references: number): boolean {
  const next = part.findIndex((token, index) => index > references && isWord(token, 'REFERENCES'))
  const own = part.slice(references, next < 0 ? part.length : next)
  const last = own.findLastIndex((token) => isWord(token, 'DEFERRABLE'))
  return !isWord(own[last - 1], 'NOT') && isWord(own[last + 1], 'INITIALLY') && isWord(own[last + 2], 'DEFERRED')
}

/** An indexed expression without its COLLATE, ASC and DESC at the end. */
function withoutOrder(sql: string, part: readonly SqlToken[]): string {
  let end = part.length
  if (isWord(part[end - 1], 'ASC', 'DESC')) end -= 1
  if (end >= 3 && isWord(part[end - 2], 'COLLATE')) end -= 2
  return sql.slice(part[0]?.start, part[end - 1]?.end)
}
