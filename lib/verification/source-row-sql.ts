import { quoteName } from '@/lib/core/quoted-name'

/** A column of the source as the reader needs to know it. */
export interface SourceColumn {
  readonly name: string
  /** The declared type, upper case; it decides the column's affinity. */
  readonly declaredType: string
}

/**
 * The SQL of one row's fields as the source stores them, each with its storage class, ready to be joined to its
 * neighbours without a separator:
 *
 *   n                 NULL
 *   i<digits>;        INTEGER
 *   r<digits>;        REAL, the bits of the double as an integer
 *   t<length>:<bytes> TEXT, length in bytes
 *   b<length>:<bytes> BLOB
 *   <length>:<bytes>  TEXT or BLOB in a column of TEXT affinity, `:` for NULL: cheaper, and most columns are such
 *
 * Nothing is converted here: what a value means is decided where it is compared. SQLite builds whole chunks of rows
 * this way (group_concat) at 1.2 s a million rows of ten columns, against 2.4 s row by row and more value by value.
 * `bascule_bits` must be registered (see source-chunks).
 */
export function sourceRowSql(columns: readonly SourceColumn[]): string {
  const parts = columns.flatMap(({ name, declaredType }) => fieldSql(quoteName(name), declaredType))
  return concatenation(parts.length === 0 ? [`''`] : parts)
}

/** Whether a column of this declared type can hold nothing but TEXT, BLOB and NULL (https://sqlite.org/datatype3.html). */
export function hasTextAffinity(declaredType: string): boolean {
  return !/INT/.test(declaredType) && /CHAR|CLOB|TEXT/.test(declaredType)
}

function fieldSql(column: string, declaredType: string): readonly string[] {
  if (hasTextAffinity(declaredType)) return [`octet_length(${column})`, `':'`, column]
  const classes = {
    integer: `'i' || ${column} || ';'`,
    real: `'r' || bascule_bits(${column}) || ';'`,
    text: counted('t', column),
    blob: counted('b', column),
  }
  // The class that the type suggests is asked for first: each further question costs some 30 ns a value.
  const likely = /INT|BOOL/.test(declaredType)
    ? 'integer'
    : /REAL|FLOA|DOUB/.test(declaredType)
      ? 'real'
      : /BLOB/.test(declaredType)
        ? 'blob'
        : 'text'
  const entries = Object.entries(classes).sort(([one], [other]) => Number(other === likely) - Number(one === likely))
  const cases = entries.map(([name, sql]) => `WHEN '${name}' THEN ${sql}`).join(' ')
  return [`CASE typeof(${column}) ${cases} ELSE 'n' END`]
}

function counted(mark: string, column: string): string {
  return `concat('${mark}', octet_length(${column}), ':', ${column})`
}

/** concat() takes at most 1,000 arguments. */
function concatenation(parts: readonly string[]): string {
  if (parts.length <= 900) return `concat(${parts.join(', ')})`
  return `concat(${concatenation(parts.slice(0, 900))}, ${concatenation(parts.slice(900))})`
}
