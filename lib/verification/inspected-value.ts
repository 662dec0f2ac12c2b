import { z } from 'zod'

/** One value as one side stores it, ready to be shown: a window of at most 256 bytes of it. A contract file. */
export const inspectedValueSchema = z.object({
  /** SQLite's storage class or PostgreSQL's type. */
  type: z.string(),
  /** null: NULL; text: readable characters; hex: bytes as hexadecimal digits. */
  form: z.enum(['null', 'text', 'hex']),
  /** Of the whole value, in bytes; 0 for NULL. */
  lengthBytes: z.number().int().nonnegative(),
  /** Where the window begins, in bytes; 0 where the value is short. */
  from: z.number().int().nonnegative(),
  /** What stands before the first difference, from there on, inside the window. */
  same: z.string(),
  rest: z.string(),
  /** Whether the value goes on behind the window. */
  isCut: z.boolean(),
})
export type InspectedValue = z.infer<typeof inspectedValueSchema>

/** One column of one row on both sides; null where the side has no such row. */
export const comparedValueSchema = z.object({
  column: z.string(),
  source: inspectedValueSchema.nullable(),
  target: inspectedValueSchema.nullable(),
  /** The first byte that differs; null where both show the same bytes, or one side has none. */
  firstDifference: z.number().int().nonnegative().nullable(),
})
export type ComparedValue = z.infer<typeof comparedValueSchema>
