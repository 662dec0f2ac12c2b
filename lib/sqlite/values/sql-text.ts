/** An identifier quoted for SQLite. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** A text literal for SQLite. Never for values from outside that may hold NUL, where SQLite's parser stops. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
