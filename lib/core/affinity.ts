/** Whether a column of this declared type (upper case) can hold nothing but TEXT, BLOB and NULL (https://sqlite.org/datatype3.html#determination_of_column_affinity). */
export function hasTextAffinity(declaredType: string): boolean {
  return !declaredType.includes('INT') && /CHAR|CLOB|TEXT/.test(declaredType)
}

/** Whether a column of this declared type (upper case) stores every number as a double; by the same rules. */
export function isReal(declaredType: string): boolean {
  return /REAL|FLOA|DOUB/.test(declaredType) && !/INT|CHAR|CLOB|TEXT|BLOB/.test(declaredType)
}

/** Whether a column of this declared type (upper case) turns a text that reads as a number into one, '007' into 7; by the same rules. */
export function readsTextsAsNumbers(declaredType: string): boolean {
  return declaredType !== '' && !hasTextAffinity(declaredType) && (declaredType.includes('INT') || !declaredType.includes('BLOB'))
}
