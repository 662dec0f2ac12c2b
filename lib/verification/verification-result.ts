import { z } from 'zod'
import { findingSchema } from '@/lib/core/finding'

/** One row that differs; values are not part of it. */
export const rowDifferenceSchema = z.object({
  /** Primary key as column name → printable value. */
  key: z.record(z.string(), z.string()),
  /** Column that differs; null when the whole row is missing on one side. */
  column: z.string().nullable(),
  kind: z.enum(['missing-in-target', 'missing-in-source', 'value-differs']),
})

export const tableComparisonSchema = z.object({
  table: z.string(),
  /** Counted now; null when the table could not be counted, and then `content` is unknown. */
  sourceRows: z.number().int().nonnegative().nullable(),
  targetRows: z.number().int().nonnegative().nullable(),
  /** identical only after every row and column was compared. */
  content: z.enum(['identical', 'different', 'unknown']),
  /** At most 100; `differencesTotal` has the whole number. */
  differences: z.array(rowDifferenceSchema),
  differencesTotal: z.number().int().nonnegative(),
  /** Why `content` is unknown, or what could not be counted. */
  reason: z.string().nullable(),
})

/** What is on the two sides, without secrets. */
export const endpointSchema = z.object({
  engine: z.enum(['sqlite', 'postgresql']),
  /** File path relative to the app's folder, or user@host:port/database. */
  label: z.string(),
  version: z.string(),
  sizeBytes: z.number().nonnegative().nullable(),
})

/** The contract of `verify:migration --json`, and what a verification report keeps. */
export const verificationResultSchema = z.object({
  status: z.enum(['succeeded', 'failed']),
  source: endpointSchema,
  target: endpointSchema,
  startedAt: z.iso.datetime(),
  elapsedMs: z.number().nonnegative(),
  tables: z.array(tableComparisonSchema),
  findings: z.array(findingSchema),
})

export type RowDifference = z.infer<typeof rowDifferenceSchema>
export type TableComparison = z.infer<typeof tableComparisonSchema>
export type Endpoint = z.infer<typeof endpointSchema>
export type VerificationResult = z.infer<typeof verificationResultSchema>
