/** Of one value of a key, in characters. */
const longestValue = 200

/** A row of a table for people, by its key: "the row id=3 of Book"; "a row of Book" where it has none. */
export function rowWords(table: string, key: Readonly<Record<string, string | null>>): string {
  const parts = Object.entries(key).map(([name, value]) => `${name}=${(value ?? 'NULL').slice(0, longestValue)}`)
  return parts.length === 0 ? `a row of ${table}` : `the row ${parts.join(', ')} of ${table}`
}
