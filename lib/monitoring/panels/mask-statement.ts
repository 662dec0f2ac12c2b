/**
 * A statement without the values that were written into it: passwords of ALTER ROLE, e-mail addresses, whatever an app
 * glues together. PostgreSQL cuts long statements off, so a literal may have no end.
 */
export function maskStatement(statement: string): string {
  return statement
    .replace(/\$([A-Za-z_][A-Za-z_0-9]*)?\$[\s\S]*?(\$\1\$|$)/g, "'…'")
    .replace(/[eEbBxXuU]?&?'(?:[^'\\]|''|\\[\s\S])*('|$)/g, "'…'")
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, longestStatement)
}

const longestStatement = 2_000
