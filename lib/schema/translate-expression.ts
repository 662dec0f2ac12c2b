import type { PostgresColumn, SqliteTable } from '@/lib/core/catalogue'
import { tokenizeSql } from '@/lib/core/sql-tokens'
import { type ComparedAlike, comparedAlike, type Purpose } from './compared-alike'
import { demand, Otherwise, type Value } from './compared-values'
import { ExpressionTranslator } from './translator'

export interface Translation {
  /** A condition as a boolean, anything else as its value. */
  readonly sql: string
  /** The same, a condition as 0 or 1. */
  readonly number: string
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
  /** Whether the file's texts are of UTF-16. Default: false. */
  readonly isUtf16?: boolean
}

/** What an expression of a table may refer to. `columns` are the target's; `encoding` is the file's. */
export function scopeOf(table: SqliteTable, columns: readonly PostgresColumn[], encoding: string): TranslationScope {
  const others = table.columns.filter(({ collation }) => collation !== 'BINARY').map(({ name }) => name.toLowerCase())
  const declaredTypes = new Map(table.columns.map(({ name, declaredType }) => [name.toLowerCase(), declaredType]))
  return { columns, otherCollations: new Set(others), declaredTypes, isUtf16: encoding !== 'UTF-8' }
}

/**
 * An expression of SQLite (indexed expression, computed column, default) in PostgreSQL's dialect, or null where the meaning could
 * change. PostgreSQL itself has the last word: callers try the result in a transaction and say what was refused.
 */
export function translateExpression(
  expression: string,
  scope: TranslationScope,
  purpose: Exclude<Purpose, 'condition'>,
): Translation | null {
  return translate(expression, scope, purpose, ({ tree, value, isBeyond, translator }) => {
    const { exceptions } = translator
    const sql = value.isTruth ? translator.truth(tree) : translator.value(tree)
    // Beyond 64 bits SQLite goes on with doubles, and PostgreSQL refuses the row.
    if (purpose === 'computed' && isBeyond && !value.isTruth) exceptions.push(`typeof(${expression}) = 'real'`)
    return { sql, number: value.isTruth ? `(${sql})::int` : sql, exceptions, value, column: translator.columnOf(tree) ?? null }
  })
}

/**
 * An expression that is only asked whether it is true (CHECK, condition of a partial index), as a boolean: SQLite takes any number for
 * one. Null where the meaning could change.
 */
export function translateCondition(expression: string, scope: TranslationScope): string | null {
  return translate(expression, scope, 'condition', ({ tree, translator }) => translator.truth(tree))
}

interface Judged extends ComparedAlike {
  readonly value: Value
  readonly translator: ExpressionTranslator
}

function translate<T>(expression: string, scope: TranslationScope, purpose: Purpose, use: (judged: Judged) => T): T | null {
  const find = (name: string) => scope.columns.find((column) => column.name.toLowerCase() === name.toLowerCase())
  const declaredTypeOf = (column: PostgresColumn) => scope.declaredTypes?.get(column.name.toLowerCase())
  const hasOtherCollation = (column: PostgresColumn) => scope.otherCollations?.has(column.name.toLowerCase()) ?? false
  const { isUtf16 = false } = scope
  try {
    const judged = comparedAlike(tokenizeSql(expression), { find, declaredTypeOf, hasOtherCollation, isUtf16, purpose })
    const value = judged?.values.get(judged.tree)
    demand(judged !== null && value !== undefined)
    const translator = new ExpressionTranslator({ ...judged, expression, find, declaredTypeOf, purpose })
    return use({ ...judged, value, translator })
  } catch (error) {
    if (error instanceof Otherwise) return null
    throw error
  }
}
