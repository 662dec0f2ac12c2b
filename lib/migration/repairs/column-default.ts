/** The value of a default that is a plain constant in SQLite's SQL; null for NULL, an expression, or no default. */
export function readDefault(sql: string | null): bigint | number | string | null {
  const text = (sql ?? '')
    .trim()
    .replace(/^\((.*)\)$/s, '$1')
    .trim()
  const quoted = /^'((?:[^']|'')*)'$/s.exec(text) ?? /^"((?:[^"]|"")*)"$/s.exec(text)
  if (quoted?.[1] !== undefined) return quoted[1].replaceAll(text.startsWith('"') ? '""' : "''", text[0] ?? '')
  if (/^true$/i.test(text)) return 1n
  if (/^false$/i.test(text)) return 0n
  if (/^[-+]?\d{1,18}$/.test(text)) return BigInt(text.replace('+', ''))
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : null
}
