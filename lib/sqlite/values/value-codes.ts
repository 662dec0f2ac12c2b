import type { Finding } from '@/lib/core/finding'

interface CodeText {
  readonly severity: Exclude<Finding['severity'], 'repaired'>
  /** What is wrong, as a clause after "N values of column C …". */
  readonly says: string
  readonly hint: string
}

/**
 * Every finding about a value. The list is closed; docs/fidelity.md explains each. `blocks` means that PostgreSQL could
 * not hold what Prisma reads from SQLite; `note` that it arrives as Prisma reads it, which may not be what was meant, or
 * with a difference of form that Prisma does not show.
 */
export const valueCodes = {
  NULL_IN_REQUIRED: {
    severity: 'blocks',
    says: 'are NULL in a required column (a NaN is stored as NULL too)',
    hint: 'Give these rows a value, or make the field optional in the data model.',
  },
  NULL_IN_PRIMARY_KEY: {
    severity: 'blocks',
    says: 'are NULL in the primary key, which SQLite allows and PostgreSQL does not',
    hint: 'Give these rows a key, or delete them.',
  },
  INT_OUT_OF_RANGE: {
    severity: 'blocks',
    says: 'do not fit the integer type of the target',
    hint: 'Make the field BigInt in the data model, or correct the rows.',
  },
  INT_UNREADABLE: {
    severity: 'blocks',
    says: 'are not a number in an integer column; Prisma fails to read them',
    hint: 'Correct or clear the value in these rows.',
  },
  INT_TRUNCATED: {
    severity: 'note',
    says: 'have a fraction in an integer column; the whole part arrives, as Prisma reads it',
    hint: 'Make the field Float or Decimal if the fraction matters.',
  },
  INT_FROM_TEXT: {
    severity: 'note',
    says: 'are text in an integer column; the number that Prisma reads arrives',
    hint: 'Check these rows; an empty text is read as 0.',
  },
  BOOLEAN_NOT_0_OR_1: {
    severity: 'note',
    says: 'are numbers or bytes other than 0 and 1 in a boolean column; what Prisma reads arrives (only the number 1 is true)',
    hint: 'Check whether these rows were meant to be true.',
  },
  BOOLEAN_UNKNOWN: {
    severity: 'blocks',
    says: "are neither a boolean nor one of 'true', 'TRUE', '1', 'false', 'FALSE', '0'; Prisma fails to read them",
    hint: 'Set these rows to 0 or 1.',
  },
  FLOAT_UNREADABLE: {
    severity: 'blocks',
    says: 'are not a number in a floating-point column; Prisma fails to read them',
    hint: 'Correct or clear the value in these rows.',
  },
  FLOAT_FROM_TEXT: {
    severity: 'note',
    says: 'are text in a floating-point column; the number that Prisma reads arrives',
    hint: 'Check these rows; an empty text is read as 0.',
  },
  FLOAT_FROM_LARGE_INTEGER: {
    severity: 'note',
    says: 'are integers that a double cannot hold exactly; the double that Prisma reads arrives',
    hint: 'Make the field BigInt or Decimal if every digit matters.',
  },
  FLOAT_WOULD_ROUND: {
    severity: 'blocks',
    says: 'would be rounded by the single-precision type of the target',
    hint: 'Use a double precision column (Float without @db.Real).',
  },
  DECIMAL_UNREADABLE: {
    severity: 'blocks',
    says: 'are not a decimal number; Prisma fails to read them or PostgreSQL cannot hold them',
    hint: 'Correct or clear the value in these rows.',
  },
  DECIMAL_WOULD_ROUND: {
    severity: 'blocks',
    says: 'have more decimal places than the target keeps, and would be rounded',
    hint: 'Give the field a larger scale (@db.Decimal(precision, scale)), or round the rows first.',
  },
  DECIMAL_OUT_OF_RANGE: {
    severity: 'blocks',
    says: 'have more digits before the decimal point than the target keeps',
    hint: 'Give the field a larger precision (@db.Decimal(precision, scale)), or correct the rows.',
  },
  DATE_UNPARSABLE: {
    severity: 'blocks',
    says: 'are not a date that Prisma can read',
    hint: 'Correct or clear the value in these rows.',
  },
  DATE_OUT_OF_RANGE: {
    severity: 'blocks',
    says: 'lie outside the years 1 to 9999, which PostgreSQL and Prisma can exchange',
    hint: 'Correct or clear the value in these rows.',
  },
  DATE_JULIAN_DAY: {
    severity: 'blocks',
    says: 'look like Julian day numbers; Prisma reads them as milliseconds of January 1970',
    hint: "Convert them in SQLite with strftime('%Y-%m-%dT%H:%M:%fZ', value).",
  },
  DATE_LOOKS_LIKE_SECONDS: {
    severity: 'note',
    says: 'look like seconds since 1970; Prisma reads them as milliseconds, so they arrive as January 1970',
    hint: 'Multiply these values by 1000 in SQLite if seconds were meant.',
  },
  DATE_LOOKS_LIKE_YEAR: {
    severity: 'note',
    says: 'look like a year; Prisma reads them as milliseconds, so they arrive as 1 January 1970',
    hint: 'Replace them by a whole date in SQLite if a year was meant.',
  },
  DATE_LOOKS_LIKE_JULIAN_DAY: {
    severity: 'note',
    says: 'are integers that look like Julian days; Prisma reads them as milliseconds, so they arrive as January 1970',
    hint: 'Convert them in SQLite if Julian days were meant.',
  },
  DATE_DIGITS_DROPPED: {
    severity: 'note',
    says: 'have more digits of fractional seconds than arrive: three, which Prisma reads, or six, which PostgreSQL holds',
    hint: 'Nothing to do unless something other than Prisma reads the finer digits.',
  },
  DATE_SPACED_OFFSET: {
    severity: 'note',
    says: 'have a space before their UTC offset, which Prisma 7 fails to read; the instant they spell arrives',
    hint: 'Nothing to do; they become readable again on PostgreSQL.',
  },
  DATE_WITHOUT_SECONDS: {
    severity: 'note',
    says: 'have a time without seconds, which SQLite reads and Prisma 7 does not; the full minute arrives',
    hint: 'Nothing to do; they become readable for Prisma on PostgreSQL.',
  },
  DATE_WOULD_ROUND: {
    severity: 'blocks',
    says: 'have a part (fraction, time or day) that the date type of the target would drop',
    hint: 'Use a type that keeps it (@db.Timestamp(3)), or correct the rows.',
  },
  NUL_IN_TEXT: {
    severity: 'blocks',
    says: 'contain a NUL character, which PostgreSQL cannot store in text',
    hint: 'Remove or replace the character in these rows, or make the field Bytes.',
  },
  INVALID_UTF8: {
    severity: 'blocks',
    says: 'are not valid UTF-8',
    hint: 'Re-encode the text in these rows, or make the field Bytes.',
  },
  TEXT_FROM_BLOB: {
    severity: 'note',
    says: 'are BLOBs in a text column; their bytes arrive as UTF-8 text',
    hint: 'Make the field Bytes if these are not texts.',
  },
  TEXT_FROM_NUMBER: {
    severity: 'note',
    says: 'are numbers in a text column, which Prisma fails to read; their digits arrive as text',
    hint: 'Leading zeros may have been lost when SQLite stored them.',
  },
  TEXT_TOO_LONG: {
    severity: 'blocks',
    says: 'are longer than the target column allows',
    hint: 'Use a longer type or text for the field, or shorten the rows.',
  },
  TEXT_WOULD_BE_PADDED: {
    severity: 'blocks',
    says: 'are shorter than the fixed-length char column of the target, which would fill them with spaces',
    hint: 'Use text or varchar for the field.',
  },
  ENUM_UNKNOWN: {
    severity: 'blocks',
    says: 'are not a value of the enum',
    hint: 'Add the value to the enum in the data model, or correct the rows.',
  },
  UUID_INVALID: {
    severity: 'blocks',
    says: 'are not a UUID',
    hint: 'Correct these rows, or make the field a plain String.',
  },
  UUID_REWRITTEN: {
    severity: 'note',
    says: 'are UUIDs in another form; PostgreSQL gives them back in lower case with hyphens',
    hint: 'Nothing to do unless the app compares them as text.',
  },
  BYTES_FROM_TEXT: {
    severity: 'note',
    says: 'are text in a bytes column, which Prisma fails to read; the bytes of the text arrive',
    hint: 'Check whether the text is an encoding (base64, hex) of the bytes that were meant.',
  },
  BYTES_FROM_NUMBER: {
    severity: 'blocks',
    says: 'are numbers in a bytes column; Prisma fails to read them',
    hint: 'Correct or clear the value in these rows.',
  },
  JSON_INVALID: {
    severity: 'blocks',
    says: 'are not valid JSON; Prisma fails to read them',
    hint: 'Correct or clear the value in these rows.',
  },
  JSON_NUL: {
    severity: 'blocks',
    says: 'contain \\u0000 in JSON, which jsonb cannot store',
    hint: 'Remove the character, or use @db.Json for the field.',
  },
  JSON_LONE_SURROGATE: {
    severity: 'blocks',
    says: 'contain half of a surrogate pair in JSON, which jsonb cannot store',
    hint: 'Correct these rows, or use @db.Json for the field.',
  },
  JSON_NUMBER_TOO_LARGE: {
    severity: 'blocks',
    says: 'contain a JSON number that jsonb cannot hold',
    hint: 'Correct these rows, or use @db.Json for the field.',
  },
  JSON_TOO_DEEP: {
    severity: 'blocks',
    says: 'contain JSON nested deeper than 1000 levels',
    hint: 'Flatten these values, or make the field a String.',
  },
  JSON_TOO_LARGE: {
    severity: 'blocks',
    says: 'contain JSON beyond what jsonb can hold (255 MB, 16.7 million items, 8.3 million members)',
    hint: 'Split these values, or make the field Bytes and keep them compressed.',
  },
  JSON_FROM_BINARY: {
    severity: 'note',
    says: "are SQLite's binary JSONB; they arrive as the JSON they stand for",
    hint: 'Nothing to do.',
  },
  ROW_TOO_LARGE: {
    severity: 'blocks',
    says: 'are beyond the gigabyte that one line of COPY may have (a BLOB counts double, and so do line breaks, tabs and backslashes)',
    hint: 'Keep such large values as files, or split them.',
  },
  DUPLICATE_AFTER_CONVERSION: {
    severity: 'blocks',
    says: 'are equal in a unique key of the target, as values of its types',
    hint: 'Change or delete one row of each pair.',
  },
} as const satisfies Record<string, CodeText>

export type ValueCode = keyof typeof valueCodes

/** The severity, the sentence and the remedy of a code. */
export function textOfCode(code: ValueCode): CodeText {
  return valueCodes[code]
}
