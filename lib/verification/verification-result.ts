import { z } from 'zod'
import { findingSchema } from '@/lib/core/finding'
import { tableCauseSchema } from './table-cause'

/**
 * Differences that are as they should be: the app wrote the row on PostgreSQL since the switch, or an administrator chose
 * how the row was repaired when it was copied.
 */
export const expectedReasons = ['since-switch', 'repaired-by-choice'] as const
export type ExpectedReason = (typeof expectedReasons)[number]

/** One row that differs; values are not part of it. */
export const rowDifferenceSchema = z.object({
  /** Primary key as column name → printable value. */
  key: z.record(z.string(), z.string()),
  /** Column that differs; null when the whole row is missing on one side. */
  column: z.string().nullable(),
  kind: z.enum(['missing-in-target', 'missing-in-source', 'value-differs']),
  /** Why it is no fault; absent where it is one. */
  because: z.enum(expectedReasons).optional(),
})

export const tableComparisonSchema = z.object({
  table: z.string(),
  /** Counted now; null when the table could not be counted, and then `content` is unknown. */
  sourceRows: z.number().int().nonnegative().nullable(),
  targetRows: z.number().int().nonnegative().nullable(),
  /** Rows of the source that an administrator chose to leave out: the target has so many fewer. Absent for none. */
  leftOut: z.number().int().positive().optional(),
  /** identical only after every row and column was compared. */
  content: z.enum(['identical', 'different', 'unknown']),
  /** At most 1,000, and fewer when many tables differ; `differencesTotal` has the whole number. */
  differences: z.array(rowDifferenceSchema),
  differencesTotal: z.number().int().nonnegative(),
  /** How many of them are as they should be; absent when all of them are faults. */
  expected: z.object({ 'since-switch': z.number().int().nonnegative(), 'repaired-by-choice': z.number().int().nonnegative() }).optional(),
  /** Why `content` is unknown, or what could not be counted, in English. */
  reason: z.string().nullable(),
  /** The same by its code; absent in reports of earlier releases. */
  cause: tableCauseSchema.nullable().optional(),
})

/** What is on the two sides, without secrets. */
export const endpointSchema = z.object({
  engine: z.enum(['sqlite', 'postgresql']),
  /** File path relative to the app's folder, or user@host:port/database. */
  label: z.string(),
  version: z.string(),
  sizeBytes: z.number().nonnegative().nullable(),
  /** When its snapshot was taken: the moment that the report speaks of. Absent in reports of the first release. */
  snapshotAt: z.iso.datetime().optional(),
})

/** What is looked at beside the rows, each with its own outcome. */
export const aspectNames = ['sequences', 'constraints', 'indexes', 'columns', 'triggers', 'orphans', 'privileges', 'files'] as const
export const aspectSchema = z.object({
  name: z.enum(aspectNames),
  /** unknown: it could not be asked, or not wholly. */
  status: z.enum(['passed', 'failed', 'unknown']),
  /** How many objects, references or files were looked at. */
  checked: z.number().int().nonnegative(),
  /** How many findings say that something is wrong. */
  failed: z.number().int().nonnegative(),
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
  /** Absent where only the rows were counted, and in reports of the first release. */
  aspects: z.array(aspectSchema).optional(),
  /** Rows of the source that were compared column by column, and the bytes that were read of them. */
  compared: z.object({ rows: z.number().nonnegative(), bytes: z.number().nonnegative() }).optional(),
  /** Version of this program. */
  version: z.string().optional(),
})

export type RowDifference = z.infer<typeof rowDifferenceSchema>
export type TableComparison = z.infer<typeof tableComparisonSchema>
export type Aspect = z.infer<typeof aspectSchema>
export type AspectName = Aspect['name']
export type Endpoint = z.infer<typeof endpointSchema>
export type VerificationResult = z.infer<typeof verificationResultSchema>

/** Whether the target has as many rows as it should: those of the source, without the ones left out by choice. */
export function hasExpectedRows({
  sourceRows,
  targetRows,
  leftOut,
}: Pick<TableComparison, 'sourceRows' | 'targetRows' | 'leftOut'>): boolean {
  return sourceRows === null || targetRows === null ? sourceRows === targetRows : sourceRows - (leftOut ?? 0) === targetRows
}

/** Differences of a table that are faults: those that nothing explains. */
export function faultsOf({ differencesTotal, expected }: Pick<TableComparison, 'differencesTotal' | 'expected'>): number {
  if (!expected) return differencesTotal
  return Math.max(0, differencesTotal - expected['since-switch'] - expected['repaired-by-choice'])
}

/** Whether a table was compared and every difference in it is as it should be, which no difference is too. */
export function isSound(table: TableComparison): boolean {
  return table.content === 'identical' || (table.content === 'different' && table.differencesTotal > 0 && faultsOf(table) === 0)
}
