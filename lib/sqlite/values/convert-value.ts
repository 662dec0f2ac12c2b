import type { ColumnMapping } from '@/lib/core/table-mapping'
import { type Conversion, refused } from './conversion'
import { convertDate } from './convert-date'
import { convertBoolean, convertDecimal, convertFloat, convertInteger } from './convert-number'
import { convertBytes, convertEnum, convertJson, convertText, convertUuid } from './convert-text'
import type { RawValue } from './raw-value'

/**
 * What PostgreSQL is given for one value that is not NULL, decided by its own storage class: as Prisma reads it from
 * SQLite, or refused. `binaryJson` is what `json()` makes of a BLOB in a Json column, when SQLite knows it as JSONB.
 */
export function convertValue(
  raw: Exclude<RawValue, null>,
  column: Pick<ColumnMapping, 'value' | 'sourceType'>,
  binaryJson: string | null,
): Conversion {
  const { value } = column
  switch (value.kind) {
    case 'boolean':
      return convertBoolean(raw, value.cutsFractions ?? false)
    case 'integer':
      return convertInteger(raw, value.bits)
    case 'float':
      return convertFloat(raw, value.bits)
    case 'decimal':
      return convertDecimal(raw, value.precision, value.scale)
    case 'timestamp':
    case 'date':
    case 'time':
      return convertDate(raw, value)
    case 'text':
      return convertText(raw, value.maxLength, value.padded)
    case 'enum':
      return convertEnum(raw, value.labels)
    case 'uuid':
      return convertUuid(raw)
    case 'bytes':
      return convertBytes(raw)
    case 'json':
      return typeof raw === 'number' && !Number.isFinite(raw) ? refused('JSON_INVALID') : convertJson(raw, value.binary, binaryJson)
  }
}
