import { quoteText } from '@/lib/core/quoted-name'
import { tokenizeSql } from '@/lib/core/sql-tokens'

/**
 * The PostgreSQL default that does what an SQLite default does for a column of `type`: SQL ready for CREATE TABLE,
 * null when there is none to have, undefined when it has no equivalent and must be reported.
 *
 * @param type the target's type as `format_type` or CREATE TABLE spells it
 */
export function translateDefault(defaultSql: string | null, type: string): string | null | undefined {
  if (defaultSql === null) return null
  const text = withoutBrackets(defaultSql)
  if (/^null$/i.test(text)) return null
  const tokens = tokenizeSql(text)
  const [first, second] = tokens
  const isNumber = tokens.length === 1 && first?.kind === 'number'
  const isSigned = tokens.length === 2 && first?.kind === 'operator' && /^[+-]$/.test(first.text) && second?.kind === 'number'
  if (isNumber || isSigned) return numberDefault(text.replace(/\s/g, ''), type)
  if (tokens.length === 1 && (first?.kind === 'string' || first?.kind === 'quoted')) return textDefault(first.text, type)
  if (tokens.length === 1 && first?.kind === 'blob') return type === 'bytea' ? `'\\x${first.text}'::bytea` : undefined
  if (/^(true|false)$/i.test(text)) return numberDefault(/^true$/i.test(text) ? '1' : '0', type)
  return functionDefault(text.replace(/\s+/g, '').toLowerCase(), type)
}

function numberDefault(number: string, type: string): string | undefined {
  if (/^0x/i.test(number)) return undefined
  if (type === 'boolean') return Number(number) === 1 ? 'true' : Number(number) === 0 ? 'false' : undefined
  if (/^(smallint|integer|bigint|numeric|double|real)/.test(type)) return number
  if (/^(text|char|varchar)/.test(type)) return quoteText(number)
  if (type === 'jsonb' || type === 'json') return quoteText(number)
  if (type.startsWith('timestamp')) return quoteText(new Date(Number(number)).toISOString().replace('Z', type.includes('tz') ? 'Z' : ''))
  return undefined
}

function textDefault(text: string, type: string): string | undefined {
  if (type === 'boolean') return /^(true|1|t)$/i.test(text) ? 'true' : /^(false|0|f)$/i.test(text) ? 'false' : undefined
  if (/^(smallint|integer|bigint|numeric|double|real)/.test(type)) return /^[+-]?\d+(\.\d+)?$/.test(text) ? text : undefined
  if (type === 'bytea') return `'\\x${Buffer.from(text).toString('hex')}'::bytea`
  return quoteText(text)
}

/** The functions of time and chance that people use as defaults. */
function functionDefault(text: string, type: string): string | undefined {
  const isText = /^(text|char|varchar)/.test(type)
  const isNow = /^(current_timestamp|datetime\('now'(,'utc')?\)|strftime\('%y-%m-%d(t|)%h:%m:(%s|%f)(z|)','now'\))$/.test(text)
  if (isNow && type.startsWith('timestamp')) return 'CURRENT_TIMESTAMP'
  if (/^(current_timestamp|datetime\('now'\))$/.test(text) && isText) return `to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')`
  const isToday = text === 'current_date' || text === "date('now')"
  if (isToday && type === 'date') return 'CURRENT_DATE'
  if (isToday && isText) return `to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD')`
  if (
    /^(unixepoch\(('now')?\)|strftime\('%s','now'\)|cast\(strftime\('%s','now'\)asint(eger)?\))$/.test(text) &&
    /^(integer|bigint|numeric|double)/.test(type)
  ) {
    return 'extract(epoch FROM now())::bigint'
  }
  if (text === 'lower(hex(randomblob(16)))' && isText) return `replace(gen_random_uuid()::text, '-', '')`
  if (text === 'random()' && type === 'bigint') return `(random() * 9223372036854775807)::bigint`
  return undefined
}

function withoutBrackets(sql: string): string {
  const text = sql.trim()
  const tokens = tokenizeSql(text)
  const isWrapped = tokens[0]?.text === '(' && tokens.at(-1)?.text === ')'
  if (!isWrapped) return text
  let depth = 0
  for (const [index, token] of tokens.entries()) {
    if (token.kind === 'operator' && token.text === '(') depth += 1
    if (token.kind === 'operator' && token.text === ')') depth -= 1
    if (depth === 0 && index < tokens.length - 1) return text
  }
  return withoutBrackets(text.slice(1, -1))
}
