import { copyFunctions } from './copy-functions'

/**
 * The text of a double or NULL in a COPY line, which every reader that rounds correctly (PostgreSQL, JavaScript) takes for the same
 * double: 17 digits by SQLite's own printf(), in 0.3 µs, where a function of ours takes 0.6.
 *
 * Only between 1e-80 and 9e18. There sqlite3FpDecode() reaches its 18 or 19 digits by multiplying by 1e10 and by 10 alone,
 * which are doubles themselves: at most 19 products in double-double arithmetic, each off by less than 2^-104, one unit for
 * cutting, and half a unit of the 17th digit for rounding make at most 6 units of 9.2e17 or 51 of 1e18, and half of the distance to
 * the next double is never less than 2^-54 of the value: 51.2 and 55.5 units. Beyond, where it multiplies by 1e100 or 0.1,
 * up to half of all values come out as a neighbour (SQLite 3.51). Zero goes the other way for its sign.
 */
export function floatText(value: string): string {
  const text = `printf('%!.17g',${value})`
  // Twice BETWEEN: abs() is a call for each value.
  const ranges = `WHEN ${value} BETWEEN 1e-80 AND 9e18 THEN ${text} WHEN ${value} BETWEEN -9e18 AND -1e-80 THEN ${text}`
  return `CASE ${ranges} WHEN ${value} IS NULL THEN '\\N' ELSE ${copyFunctions.float}(${value}) END`
}
