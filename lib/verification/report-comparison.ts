import { z } from 'zod'
import { findingSchema } from '@/lib/core/finding'

const summarySchema = z.object({
  sourceRows: z.number().nullable(),
  targetRows: z.number().nullable(),
  content: z.enum(['identical', 'different', 'unknown']),
  differencesTotal: z.number(),
})

/** What is other in the later of two reports. A contract file. */
export const reportComparisonSchema = z.object({
  status: z.object({ before: z.enum(['succeeded', 'failed']), after: z.enum(['succeeded', 'failed']) }),
  /** Tables whose line is another; null where a report does not have the table. */
  tables: z.array(z.object({ table: z.string(), before: summarySchema.nullable(), after: summarySchema.nullable() })),
  unchangedTables: z.number().int().nonnegative(),
  newFindings: z.array(findingSchema),
  goneFindings: z.array(findingSchema),
  versions: z.array(z.object({ side: z.enum(['source', 'target']), before: z.string(), after: z.string() })),
})
export type ReportComparison = z.infer<typeof reportComparisonSchema>
