/** The alias that the generated queries give to the table they read. */
export const tableAlias = 't'

/** An identifier quoted for SQLite. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** A text literal for SQLite. Never for values from outside that may hold NUL, where SQLite's parser stops. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** A reference to a column of the table being read. */
export function columnReference(name: string): string {
  return `${tableAlias}.${quoteName(name)}`
}

/**
 * The parameter of a LIMIT. SQLite from 3.47 on plans by the value of a bare one, and so prepares the statement anew for each value: 0.06 ms of
 * 0.5 for a page of 1,000 rows.
 */
export const limitParameter = 'CAST(? AS INTEGER)'

/** SQLite takes at most 1000 arguments to a function. */
const argumentsPerCall = 900

/** One concat() of any number of text expressions, nested where there are too many for one call. */
export function concatAll(parts: readonly string[]): string {
  return callOnAll('concat(', parts)
}

/**
 * The same with a separator between them, a literal of SQL. What is NULL is left out with its separator: for fields of COPY, of
 * which PostgreSQL then misses one, where concat() would make an empty text of it. 8 % less than naming each separator.
 */
export function joinAll(separator: string, parts: readonly string[]): string {
  return callOnAll(`concat_ws(${separator},`, parts)
}

function callOnAll(call: string, parts: readonly string[]): string {
  if (parts.length === 0) return "''"
  const calls: string[] = []
  for (let from = 0; from < parts.length; from += argumentsPerCall) {
    calls.push(`${call}${parts.slice(from, from + argumentsPerCall).join(',')})`)
  }
  return calls.length === 1 ? `${calls[0]}` : `${call}${calls.join(',')})`
}

/** A sum of any number of expressions, balanced: SQLite refuses expressions nested deeper than 1000. */
export function sumAll(parts: readonly string[]): string {
  if (parts.length <= 1) return parts[0] ?? '0'
  const half = Math.ceil(parts.length / 2)
  return `(${sumAll(parts.slice(0, half))}+${sumAll(parts.slice(half))})`
}
