/** Digits an exponent may add; what would be longer is no number that either database can hold (PostgreSQL: 131,072 before the point). */
const longestShift = 150_000

/**
 * A decimal number in plain digits, without exponent, leading and trailing zeros and plus sign, so that equal
 * numbers have equal texts: `1.10`, `1.1e0` and `+01.1` all give `1.1`; `-0` gives `0`.
 * Null for a text that is not a finite decimal number.
 */
export function canonicalDecimal(text: string): string | null {
  const match = /^\s*([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,6}))?\s*$/.exec(text)
  if (!match) return null
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
  if (whole === '' && fraction === '') return null
  const shift = Number(exponent)
  if (Math.abs(shift) > longestShift) return null
  const digits = whole + fraction
  const point = whole.length + shift
  const padded = point <= 0 ? '0'.repeat(1 - point) + digits : digits.padEnd(point, '0')
  const split = Math.max(point, 1)
  const left = padded.slice(0, split).replace(/^0+(?=\d)/, '')
  const right = padded.slice(split).replace(/0+$/, '')
  const plain = right === '' ? left : `${left}.${right}`
  return sign === '-' && plain !== '0' ? `-${plain}` : plain
}
