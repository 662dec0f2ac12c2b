import { z } from 'zod'

/** What the look inside shows: rows of one table, the same row of both sides next to each other. A contract file. */
export const cellSchema = z.object({
  /** null: NULL; masked: not shown until asked for. */
  form: z.enum(['null', 'text', 'hex', 'masked']),
  /** At most 200 characters. */
  text: z.string(),
  /** Of the whole value. */
  lengthBytes: z.number().int().nonnegative(),
  isCut: z.boolean(),
})
export type Cell = z.infer<typeof cellSchema>

export const browsedTableSchema = z.object({
  table: z.string(),
  sourceColumns: z.number().int().nonnegative().nullable(),
  targetColumns: z.number().int().nonnegative().nullable(),
})

export const browsedPageSchema = z.object({
  table: z.string(),
  columns: z.array(
    z.object({
      name: z.string(),
      /** As the file declares it. */
      sourceType: z.string(),
      targetType: z.string(),
      isKey: z.boolean(),
      isMasked: z.boolean(),
    }),
  ),
  rows: z.array(
    z.object({
      key: z.record(z.string(), z.string()),
      /** Null where the side has no such row; absent where it could not be looked up in time. */
      source: z.array(cellSchema).nullable().optional(),
      target: z.array(cellSchema).nullable().optional(),
    }),
  ),
  /** What to ask for next; null at the end. */
  next: z.string().nullable(),
})
export type BrowsedPage = z.infer<typeof browsedPageSchema>
