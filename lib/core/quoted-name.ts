/**
 * SQL that holds no text from outside except quoted names and escaped literals. The brand keeps plain strings,
 * such as a table name as the catalogue gives it, from being put into a statement by mistake.
 */
export type SafeSql = string & { readonly __brand: 'SafeSql' }

/**
 * A name as both engines quote it: `"na""me"`. Any name works (mixed case, reserved words, spaces, quotes, any script).
 *
 * @throws TypeError for a name with a NUL, which neither engine can hold
 */
export function quoteName(name: string): SafeSql {
  if (name.includes('\0')) throw new TypeError('A name cannot contain a NUL character.')
  return `"${name.replaceAll('"', '""')}"` as SafeSql
}

/** Several quoted names, separated by commas. */
export function quoteNames(names: readonly string[]): SafeSql {
  return names.map(quoteName).join(', ') as SafeSql
}

/** A table or type with its schema: `"public"."User"`. */
export function qualifiedName(schema: string, name: string): SafeSql {
  return `${quoteName(schema)}.${quoteName(name)}` as SafeSql
}

/**
 * A text literal. Backslashes are written in PostgreSQL's escape form only when asked, since SQLite has no such form
 * and PostgreSQL with `standard_conforming_strings = on` (our sessions set it) reads them as they are.
 */
export function quoteText(text: string): SafeSql {
  if (text.includes('\0')) throw new TypeError('A text literal cannot contain a NUL character.')
  return `'${text.replaceAll("'", "''")}'` as SafeSql
}

/** Marks SQL built from the parts above as safe: the only way to make it, so that reviewers can find each place. */
export function safeSql(strings: TemplateStringsArray, ...parts: readonly (SafeSql | number)[]): SafeSql {
  return String.raw({ raw: strings }, ...parts) as SafeSql
}
