import Database from 'better-sqlite3'
import { quoteName, quoteText } from '@/lib/core/quoted-name'
import { isOperator, tokenizeSql } from '@/lib/core/sql-tokens'
import type { RawValue } from './values/raw-value'

/** What a default fills a column in with at this moment. */
export type DefaultValue =
  | { readonly status: 'value'; readonly value: RawValue }
  /** Another one in each row. */
  | { readonly status: 'chance' }
  /** It calls what is not known to be harmless here, or SQLite refuses it. */
  | { readonly status: 'unknown' }

/**
 * The value that SQLite itself stores for a default in a column of this declared type: `'3'` in an INTEGER column is 3, `(1+1)`
 * is 2, `date('now')` is today. Evaluated in a database of its own, in memory, and only when nothing in it is by chance, takes
 * its time or makes large values.
 */
export function evaluateDefault(defaultSql: string, declaredType: string): DefaultValue {
  const tokens = tokenizeSql(defaultSql)
  const called = tokens.flatMap((token, index) =>
    isOperator(tokens[index + 1], '(') && (token.kind === 'word' || token.kind === 'quoted') ? [token.text.toLowerCase()] : [],
  )
  if (called.some((name) => chance.has(name))) return { status: 'chance' }
  if (!called.every((name) => harmless.has(name))) return { status: 'unknown' }
  const [only, second] = tokens
  const isName = only?.kind === 'quoted' || (only?.kind === 'word' && !constants.has(only.upper))
  // A name where a value is expected is a text to SQLite.
  const sql = second === undefined && only !== undefined && isName ? quoteText(only.text) : defaultSql
  const db = new Database(':memory:')
  try {
    db.prepare(`CREATE TABLE filled (one ${declaredType === '' ? '' : quoteName(declaredType)} DEFAULT (${sql}))`).run()
    db.prepare('INSERT INTO filled DEFAULT VALUES').run()
    // SQLite has no values but those of RawValue.
    return { status: 'value', value: db.prepare('SELECT one FROM filled').pluck().safeIntegers().get() as RawValue }
  } catch {
    return { status: 'unknown' }
  } finally {
    db.close()
  }
}

const chance = new Set(['random', 'randomblob'])
const constants = new Set(['TRUE', 'FALSE', 'NULL', 'CURRENT_TIMESTAMP', 'CURRENT_DATE', 'CURRENT_TIME'])

/** Functions and keywords that may stand before a bracket: quick, and with results of about the size of what they are given. */
const harmless = new Set(
  [
    'and or not in like glob is between case when then else cast collate',
    'date time datetime julianday unixepoch strftime timediff',
    'abs round min max sign coalesce ifnull nullif iif typeof',
    'lower upper trim ltrim rtrim substr substring length instr hex quote char unicode',
    'json jsonb json_array json_object json_quote jsonb_array jsonb_object',
  ].flatMap((line) => line.split(' ')),
)
