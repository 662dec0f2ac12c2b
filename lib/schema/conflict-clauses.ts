import type { SqliteCatalogue } from '@/lib/core/catalogue'
import { createFinding, type Finding } from '@/lib/core/finding'
import { isWord, tokenizeSql } from '@/lib/core/sql-tokens'

/**
 * Rules of a table that say what becomes of a row that breaks them (https://sqlite.org/lang_conflict.html). SQLite skips or
 * replaces rows by them; a rule of PostgreSQL always refuses, and only the statement can say otherwise. ABORT, the default, does the same.
 */
export function findConflictClauses(source: SqliteCatalogue): readonly Finding[] {
  return source.tables.flatMap((table) => {
    const tokens = tokenizeSql(table.sql)
    const ways = tokens.flatMap((token, index) => {
      const way = tokens[index + 2]
      const isClause = isWord(token, 'ON') && isWord(tokens[index + 1], 'CONFLICT') && isWord(way, 'REPLACE', 'IGNORE', 'FAIL', 'ROLLBACK')
      return isClause && way ? [way.text.toUpperCase()] : []
    })
    if (ways.length === 0) return []
    const clauses = [...new Set(ways)].sort().join(', ')
    return createFinding({
      code: 'CONFLICT_CLAUSE_LEFT_BEHIND',
      severity: 'note',
      table: table.name,
      shape: `ON CONFLICT ${clauses}`,
      count: ways.length,
      params: { clauses },
      message: `Rules of this table say ON CONFLICT ${clauses}; PostgreSQL refuses a row that breaks them.`,
      hint: 'Where the app counts on it, say so in the statement: upsert or createMany with skipDuplicates, INSERT … ON CONFLICT in SQL.',
    })
  })
}
