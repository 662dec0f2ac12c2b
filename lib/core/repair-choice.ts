import { z } from 'zod'

/**
 * What may be done about rows that PostgreSQL would refuse, by kind of finding: `--fix kind=choice`, and the same on the
 * page. Nothing is altered unless a choice is given, and never the source itself. The sentence says what becomes of a row.
 */
export const repairKinds = {
  orphans: {
    null: 'The reference is set to NULL; the row stays.',
    delete: 'The row is left out, and so is every row that then refers to nothing.',
  },
  'reference-case': { respell: 'The reference takes the spelling of the row that it finds today.' },
  'null-key': { delete: 'The row, which has no key, is left out.' },
  required: { default: 'The value becomes the column’s default.', delete: 'The row is left out.' },
  integers: { null: 'The value becomes NULL.', default: 'The value becomes the column’s default.' },
  'integers-range': { null: 'The value becomes NULL.', default: 'The value becomes the column’s default.' },
  booleans: {
    words: 'yes, y, on and t become true; no, n, off and f become false, in any case of letters.',
    true: 'The value becomes true.',
    false: 'The value becomes false.',
    null: 'The value becomes NULL.',
  },
  floats: { null: 'The value becomes NULL.', default: 'The value becomes the column’s default.' },
  decimals: { null: 'The value becomes NULL.', default: 'The value becomes the column’s default.' },
  rounding: { round: 'The number is rounded to what the column keeps, half away from zero.' },
  dates: { null: 'The value becomes NULL.' },
  julian: { convert: 'The Julian day becomes the instant that it stands for.', null: 'The value becomes NULL.' },
  'dates-precision': { cut: 'The part that the column does not keep (fraction, time or day) is cut off.' },
  nul: { strip: 'NUL characters are removed.', replace: 'NUL characters become U+FFFD.' },
  utf8: {
    replace: 'Bytes that are not UTF-8 become U+FFFD.',
    latin1: 'The bytes are read as Latin-1 (Windows-1252).',
    null: 'The value becomes NULL.',
  },
  length: { truncate: 'The text is cut to the column’s length.' },
  padding: { pad: 'The text is filled up with spaces.' },
  enum: { null: 'The value becomes NULL.', default: 'The value becomes the column’s default.' },
  uuid: { null: 'The value becomes NULL.' },
  bytes: { null: 'The value becomes NULL.' },
  json: {
    null: 'The value becomes NULL.',
    string: 'The whole text becomes a JSON string.',
    strip: 'The escapes that jsonb cannot hold are removed.',
    replace: 'The escapes that jsonb cannot hold become U+FFFD.',
  },
  duplicates: { delete: 'Of rows that are equal in every column one stays; the others are left out.' },
} as const satisfies Record<string, Record<string, string>>

export type RepairKind = keyof typeof repairKinds
// Object.keys of a constant object gives its keys.
export const repairKindNames = Object.keys(repairKinds) as readonly RepairKind[]

/** One choice of the administrator. */
export const repairChoiceSchema = z
  .object({
    kind: z.enum(repairKindNames),
    choice: z.string(),
    /** `Table` or `Table.column`; null for every finding of the kind. The narrower one counts. */
    scope: z.string().min(1).max(1_000).nullable(),
  })
  .refine(({ kind, choice }) => Object.hasOwn(repairKinds[kind], choice), { message: 'This kind has no such choice.' })

export type RepairChoice = z.infer<typeof repairChoiceSchema>

/** A choice that a finding offers, with what it would do to each row. */
export const offeredChoiceSchema = z.object({ choice: z.string(), effect: z.string() })
export type OfferedChoice = z.infer<typeof offeredChoiceSchema>

/** What was done to the rows of one table, or to the values of one column, by one choice. */
export const repairSchema = z.object({
  /** The finding's code. */
  code: z.string(),
  kind: z.enum(repairKindNames),
  choice: z.string(),
  /** changed: a value of the column; deleted: the whole row, and then `column` says what was wrong with it. */
  action: z.enum(['changed', 'deleted']),
  table: z.string(),
  column: z.string().nullable(),
  rows: z.number().int().positive(),
  /** How many of these rows found what they refer to until that row was left out. */
  followed: z.number().int().nonnegative().default(0),
  /** Keys of the rows: all of them, or the first where all repairs together touch more than 1,000 rows. */
  keys: z.array(z.record(z.string(), z.string())),
})
export type Repair = z.infer<typeof repairSchema>

/** The file that names every row touched, with its SHA-256. */
export const repairListSchema = z.object({ path: z.string(), sha256: z.string(), rows: z.number().int().nonnegative() })
export type RepairList = z.infer<typeof repairListSchema>
