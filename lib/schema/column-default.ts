import { isReal, readsTextsAsNumbers } from '@/lib/core/affinity'
import { quoteText } from '@/lib/core/quoted-name'
import { tokenizeSql } from '@/lib/core/sql-tokens'
import { isKeptAlike } from './kept-alike'
import { translateExpression } from './translate-expression'

/**
 * The PostgreSQL default that does what an SQLite default does for a column of `type`: SQL ready for CREATE TABLE,
 * null when there is none to have, undefined when it has no equivalent and must be reported.
 *
 * @param type the target's type as `format_type` or CREATE TABLE spells it
 * @param declaredType of the SQLite column: what it makes of a number before it is stored. Default: a text column.
 */
export function translateDefault(defaultSql: string | null, type: string, declaredType = ''): string | null | undefined {
  const value = translateValue(defaultSql, type, declaredType)
  const limit = /^(?:char|varchar)\((\d+)\)$/.exec(type)?.[1]
  return value != null && limit !== undefined && longest(defaultSql ?? '', value) > Number(limit) ? undefined : value
}

/** Characters of a default, as far as can be told: PostgreSQL finds out only when a row is to get it. */
function longest(sql: string, value: string): number {
  const literal = /^'((?:[^']|'')*)'$/.exec(value)?.[1]
  if (literal !== undefined) return [...literal.replaceAll("''", "'")].length
  const pattern = /^to_char\(.*, '((?:[^']|'')*)'\)$/.exec(value)?.[1]
  if (pattern !== undefined)
    return [...pattern.replaceAll("''", "'").replaceAll('"', '').replaceAll('HH24', 'HH').replaceAll('MS', 'MMM')].length
  if (/substr/i.test(sql)) return 0
  const digits = [...sql.matchAll(/randomblob\s*\(\s*(\d+)/gi)].reduce((sum, [, bytes]) => sum + 2 * Number(bytes), 0)
  const texts = tokenizeSql(sql).reduce((sum, { kind, text }) => sum + (kind === 'string' && text !== 'now' ? [...text].length : 0), 0)
  return /%s/.test(sql) ? 10 : digits + texts
}

function translateValue(defaultSql: string | null, type: string, declaredType: string): string | null | undefined {
  if (defaultSql === null) return null
  const text = withoutBrackets(defaultSql)
  if (/^null$/i.test(text)) return null
  const tokens = tokenizeSql(text)
  const [first, second] = tokens
  const isNumber = tokens.length === 1 && first?.kind === 'number'
  const isSigned = tokens.length === 2 && first?.kind === 'operator' && /^[+-]$/.test(first.text) && second?.kind === 'number'
  if (isNumber || isSigned) {
    const number = text.replace(/\s/g, '')
    return numberDefault(isTextType(type) ? storedNumber(number, declaredType) : number, type)
  }
  if (tokens.length === 1 && (first?.kind === 'string' || first?.kind === 'quoted')) {
    const isStoredAsNumber = isTextType(type) && readsTextsAsNumbers(declaredType) && readsAsNumber(first.text)
    return isStoredAsNumber ? numberText(storedNumber(first.text.trim(), declaredType)) : textDefault(first.text, type)
  }
  if (tokens.length === 1 && first?.kind === 'blob') return type === 'bytea' ? `'\\x${first.text}'::bytea` : undefined
  if (/^(true|false)$/i.test(text)) return numberDefault(/^true$/i.test(text) ? '1' : '0', type)
  return (
    functionDefault(text.replace(/\s+/g, '').toLowerCase(), type) ??
    timeTextDefault(text, type) ??
    chanceDefault(text, type) ??
    constantDefault(text, type)
  )
}

/** An expression of constants: `1 + 2`, `'a' || 'b'`. PostgreSQL is asked whether it takes it. */
function constantDefault(sql: string, type: string): string | undefined {
  if (!/^(smallint|integer|bigint|text|varchar|char)/.test(type)) return undefined
  // As in an index: nothing in it may need more bits than are written there.
  const translated = translateExpression(sql, { columns: [] }, 'index')
  // A condition is 1 in SQLite and true in a text here, and a fraction is rounded in an integer column.
  if (translated === null || !['bigint', type].some((kept) => isKeptAlike(translated.value, kept))) return undefined
  return /[a-z]/i.test(sql.replace(/'(?:[^']|'')*'/g, '')) ? undefined : `(${translated.sql})`
}

function isTextType(type: string): boolean {
  return /^(text|char|varchar)/.test(type)
}

function readsAsNumber(text: string): boolean {
  return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text)
}

/** A number as a column of this affinity stores it: outside of text columns 1e3 is the integer 1000, and in a REAL one 7 is 7.0. */
function storedNumber(number: string, declaredType: string): string {
  const value = Number(number)
  if (!readsTextsAsNumbers(declaredType) || /^[+-]?0x/i.test(number) || !Number.isSafeInteger(value)) return number
  if (isReal(declaredType)) return `${value}.0`
  return /^[+-]?\d+$/.test(number) ? number : String(value)
}

/** A number as SQLite writes it into a text column: 007 is '7', 1e3 is '1000.0'; undefined for one that it may spell otherwise. */
function numberText(number: string): string | undefined {
  const whole = /^[+-]?\d+$/.test(number) ? BigInt(number.replace('+', '')) : null
  if (whole !== null && BigInt.asIntN(64, whole) === whole) return quoteText(String(whole))
  const text = String(Number(number))
  return whole !== null || !Number.isFinite(Number(number)) || text.includes('e')
    ? undefined
    : quoteText(text.includes('.') ? text : `${text}.0`)
}

function numberDefault(number: string, type: string): string | undefined {
  if (Number.isNaN(Number(number))) return undefined
  if (/^0x/i.test(number)) return numberDefault(BigInt(number).toString(), type)
  if (type === 'boolean') return Number(number) === 1 ? 'true' : Number(number) === 0 ? 'false' : undefined
  // SQLite reads it as infinity, and PostgreSQL would refuse the first row that is to get it.
  if (!Number.isFinite(Number(number)) && type === 'double precision') return quoteText(number.startsWith('-') ? '-Infinity' : 'Infinity')
  if (/^(smallint|integer|bigint|numeric|double|real)/.test(type)) return isHeld(number, type) ? number : undefined
  if (isTextType(type)) return numberText(number)
  if (type === 'jsonb' || type === 'json') return Number.isFinite(Number(number)) ? quoteText(number) : undefined
  return type.startsWith('timestamp') ? instantDefault(Number(number), type.includes('tz')) : undefined
}

/** Milliseconds, as Prisma reads them; a moment outside of the years 1 to 9999 is none that both sides exchange. */
function instantDefault(milliseconds: number, hasZone: boolean): string | undefined {
  const date = new Date(milliseconds)
  const year = date.getUTCFullYear()
  if (!(year >= 1 && year <= 9999)) return undefined
  return quoteText(date.toISOString().replace('Z', hasZone ? 'Z' : ''))
}

function textDefault(text: string, type: string): string | undefined {
  if (type === 'boolean') return /^(true|1|t)$/i.test(text) ? 'true' : /^(false|0|f)$/i.test(text) ? 'false' : undefined
  if (/^(smallint|integer|bigint|numeric|double|real)/.test(type))
    return /^[+-]?\d+(\.\d+)?$/.test(text) ? numberDefault(text, type) : undefined
  if (type === 'bytea') return `'\\x${Buffer.from(text).toString('hex')}'::bytea`
  // PostgreSQL would turn 'now' or 'today' into the moment of this migration, for good.
  if (/^(timestamp|date|time)/.test(type) && !/^[\d:T.+ Z-]*\d[\d:T.+ Z-]*$/.test(text)) return undefined
  const [, day, clock, hours, minutes = '00'] = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d\S*?) ?([+-]\d\d):?(\d\d)?$/.exec(text) ?? []
  // A timestamp without a zone would keep the clock and drop the offset.
  if (hours !== undefined && type.startsWith('timestamp') && !type.includes('tz'))
    return instantDefault(Date.parse(`${day}T${clock}${hours}:${minutes}`), false)
  return quoteText(text)
}

/** Whether the type holds the number as it is; PostgreSQL finds out only when a row is to get it. */
function isHeld(number: string, type: string): boolean {
  const value = Number(number)
  const bits = { smallint: 15, integer: 31, bigint: 63 }[type]
  if (bits !== undefined && /^[+-]?\d+$/.test(number)) {
    const whole = BigInt(number.replace('+', ''))
    return BigInt.asIntN(bits + 1, whole) === whole
  }
  if (bits !== undefined) return Number.isInteger(value) && value >= -(2 ** bits) && value < 2 ** bits
  if (!Number.isFinite(type === 'real' ? Math.fround(value) : value)) return false
  const [, precision, scale] = /^numeric\((\d+),(\d+)\)$/.exec(type) ?? []
  return precision === undefined || Math.abs(value) < 10 ** (Number(precision) - Number(scale))
}

/** The functions of time and chance that people use as defaults. */
function functionDefault(text: string, type: string): string | undefined {
  const isText = isTextType(type)
  const isNow = /^(current_timestamp|datetime\(('now'(,'utc')?)?\)|strftime\('%y-%m-%d(t|)%h:%m:(%s|%f)(z|)'(,'now')?\))$/.test(text)
  if (isNow && type.startsWith('timestamp')) return 'CURRENT_TIMESTAMP'
  if ((text === 'current_date' || text === "date('now')") && type === 'date') return `(now() AT TIME ZONE 'UTC')::date`
  if ((text === 'current_time' || text === "time('now')") && type.startsWith('time('))
    return `date_trunc('second', now() AT TIME ZONE 'UTC')::time`
  if (text === "strftime('%s','now')" && isText) return 'floor(extract(epoch FROM now()))::bigint::text'
  const isWide = /^(bigint|numeric$|double)/.test(type)
  const epoch = /^(?:unixepoch\((?:'now')?\)|strftime\('%s','now'\)|cast\(strftime\('%s','now'\)asint(?:eger)?\))(\*1000)?$/.exec(text)
  if (epoch?.[1] === undefined && epoch && (isWide || type === 'integer')) return 'floor(extract(epoch FROM now()))::bigint'
  if (epoch?.[1] !== undefined && isWide) return 'floor(extract(epoch FROM now()))::bigint * 1000'
  if (text === "cast((julianday('now')-2440587.5)*86400000asinteger)" && isWide) return '(extract(epoch FROM now()) * 1000)::bigint'
  if (text === 'random()' && type === 'bigint') return `(random() * 9223372036854775807)::bigint`
  return undefined
}

/** Texts of chance, joined: `'r' || lower(hex(randomblob(7)))`, and the UUIDs of version 4 that people spell so. */
function chanceDefault(sql: string, type: string): string | undefined {
  if (!isTextType(type)) return undefined
  const tokens = tokenizeSql(sql)
  const parts: string[] = []
  let from = 0
  let depth = 0
  let hasChance = false
  for (const [index, token] of [...tokens, null].entries()) {
    if (token?.text === '(' && token.kind === 'operator') depth += 1
    if (token?.text === ')' && token.kind === 'operator') depth -= 1
    if (token !== null && (depth > 0 || token.kind !== 'operator' || token.text !== '||')) continue
    const first = tokens[from]
    const last = tokens[index - 1]
    if (!first || !last || from === index) return undefined
    const isText = index - from === 1 && first.kind === 'string'
    const part = isText ? quoteText(first.text) : chancePart(sql.slice(first.start, last.end).replace(/\s+/g, '').toLowerCase())
    if (part === undefined) return undefined
    hasChance ||= !isText
    parts.push(part)
    from = index + 1
  }
  return hasChance ? parts.join(' || ') : undefined
}

/** One text of chance; `text` without spaces and in lower case. */
function chancePart(text: string): string | undefined {
  // One of the letters: abs(random()) % 4 + 1.
  const [, letters, size] = /^substr\('(\w+)',(?:abs\(random\(\)\)%(\d+)\+1|1\+abs\(random\(\)\)%\d+),1\)$/.exec(text) ?? []
  if (letters !== undefined && size !== undefined) return `substr(${quoteText(letters)}, floor(random() * ${size})::int + 1, 1)`
  const [, cut, start, count] = /^substr\((.*),(\d)(?:,(\d+))?\)$/.exec(text) ?? []
  if (cut !== undefined && start !== undefined && start !== '0') {
    const whole = chancePart(cut)
    return whole === undefined ? undefined : `substr(${whole}, ${start}${count === undefined ? '' : `, ${count}`})`
  }
  const [, lower, bytes] = /^(lower\()?hex\(randomblob\((\d{1,2})\)\)(\))?$/.exec(text) ?? []
  if (bytes === undefined || (lower !== undefined) !== text.endsWith(')))') || Number(bytes) < 1 || Number(bytes) > 16) return undefined
  const digits = randomDigits(Number(bytes) * 2)
  return lower === undefined ? `upper(${digits})` : digits
}

/** Hexadecimal digits of chance. A UUID has 30 of them, and two that are fixed or nearly so: 12 come from its end, others before. */
function randomDigits(count: number): string {
  return count <= 12 ? `right(gen_random_uuid()::text, ${count})` : `left(replace(gen_random_uuid()::text, '-', ''), ${count})`
}

/** SQLite's formats that to_char has too, for the moment in UTC. */
const timeFormats: Readonly<Record<string, string>> = { Y: 'YYYY', m: 'MM', d: 'DD', H: 'HH24', M: 'MI', S: 'SS', f: 'SS.MS', j: 'DDD' }

/** The present moment as a text of any form: `strftime('%Y-%m-%dT%H:%M:%fZ', 'now')` and its short names. */
function timeTextDefault(sql: string, type: string): string | undefined {
  if (!isTextType(type)) return undefined
  const called = /^(?:(current_\w+)|(datetime|date|time)\s*\(\s*(?:'now'\s*)?\)|strftime\s*\(\s*'([^']*)'\s*(?:,\s*'now'\s*)?\))$/i.exec(
    sql,
  )
  const short: Readonly<Record<string, string>> = { timestamp: '%Y-%m-%d %H:%M:%S', date: '%Y-%m-%d', time: '%H:%M:%S' }
  const name = (called?.[1]?.slice('current_'.length) ?? called?.[2])?.toLowerCase().replace('datetime', 'timestamp')
  const format = called?.[3] ?? short[name ?? '']
  if (format === undefined) return undefined
  let pattern = ''
  for (const [part, letter] of format.matchAll(/%(.)|[^%]+/g)) {
    const known = letter === undefined ? `"${part}"` : timeFormats[letter]
    if (known === undefined || /["\\]/.test(letter === undefined ? part : '')) return undefined
    pattern += known
  }
  return `to_char(now() AT TIME ZONE 'UTC', ${quoteText(pattern)})`
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
