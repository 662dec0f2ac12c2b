/** Messages of integrity_check that are about values and rules, not about damage. */
const valueMessages = /^(NULL value in|CHECK constraint failed in|non-[A-Z]+ value in|[A-Z]+ value in)/

/**
 * What virtual tables say of themselves: an FTS index that does not agree with the table that it is over, as happens to
 * many a live database. Damaged pages of their own tables are told as any others are.
 */
const virtualMessages = /^(malformed inverted index for FTS\d+ table|unable to validate the inverted index for FTS\d+ table|In RTree )/

/** What `integrity_check` or `quick_check` said that means damage of the file; empty for a sound one. */
export function damageIn(messages: readonly string[]): readonly string[] {
  return messages.filter((message) => message !== 'ok' && !valueMessages.test(message) && !virtualMessages.test(message))
}
