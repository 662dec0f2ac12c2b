import { queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { fetchJson } from '@/components/api/fetch-json'
import { endpointSchema, tableComparisonSchema, verificationResultSchema } from '@/lib/verification/verification-result'

export const verificationKeys = {
  all: ['verification'] as const,
  counts: ['verification', 'counts'] as const,
  reports: ['verification', 'reports'] as const,
  report: (id: string) => ['verification', 'reports', id] as const,
}

const countsSchema = z.object({
  source: endpointSchema,
  target: endpointSchema,
  readAt: z.iso.datetime(),
  elapsedMs: z.number().nonnegative(),
  tables: z.array(tableComparisonSchema),
})
export type Counts = z.infer<typeof countsSchema>

const totalsSchema = z.object({
  tables: z.number(),
  sourceRows: z.number(),
  targetRows: z.number(),
  differingTables: z.number(),
  uncountedTables: z.number(),
})

const reportLineSchema = z.object({
  id: z.string(),
  createdAt: z.iso.datetime(),
  requestedBy: z.string(),
  status: z.enum(['succeeded', 'failed']),
  source: endpointSchema,
  target: endpointSchema,
  totals: totalsSchema,
})
export type ReportLine = z.infer<typeof reportLineSchema>

const reportSchema = verificationResultSchema.extend({
  id: z.string(),
  createdAt: z.iso.datetime(),
  requestedBy: z.string(),
  checksum: z.string().optional(),
})
export type Report = z.infer<typeof reportSchema>

/** Both sides counted at this moment. Asked for by hand: counting is work for both databases. */
export function countsQuery() {
  return queryOptions({
    queryKey: verificationKeys.counts,
    queryFn: ({ signal }) => fetchJson('/api/verification/counts', countsSchema, { signal }),
    staleTime: 0,
    refetchOnWindowFocus: false,
  })
}

/** Kept reports, newest first. */
export function reportsQuery() {
  return queryOptions({
    queryKey: verificationKeys.reports,
    queryFn: ({ signal }) => fetchJson('/api/verification/reports', z.object({ reports: z.array(reportLineSchema) }), { signal }),
    select: (answer) => answer.reports,
  })
}

/** One kept report; it never changes. */
export function reportQuery(id: string) {
  return queryOptions({
    queryKey: verificationKeys.report(id),
    queryFn: ({ signal }) =>
      fetchJson(`/api/verification/reports/${encodeURIComponent(id)}`, z.object({ report: reportSchema }), { signal }),
    select: (answer) => answer.report,
    staleTime: Number.POSITIVE_INFINITY,
  })
}
