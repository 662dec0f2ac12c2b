import { copyFunctions } from './copy-functions'

/**
 * The JSON text of a BLOB that is SQLite's binary JSON, otherwise NULL. Also NULL where its texts are not UTF-8: three bytes
 * such as 27 20 80 pass for a text of binary JSON, and json() hands them on as they are.
 */
export function binaryJsonText(value: string, isUtf16: boolean): string {
  const isText = isUtf16 ? '1' : `${copyFunctions.isUtf8}(CAST(json(${value}) AS BLOB))`
  return `CASE WHEN typeof(${value})='blob' AND json_valid(${value},8) THEN CASE WHEN ${isText} THEN json(${value}) END END`
}
