import { mutationOptions, queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { fetchJson } from '@/components/api/fetch-json'
import { type BrowsedPage, browsedPageSchema, browsedTableSchema } from '@/lib/verification/browsed-rows'
import { functionReportSchema, tickSchema } from '@/lib/verification/function-report'
import { comparedValueSchema } from '@/lib/verification/inspected-value'
import { reportComparisonSchema } from '@/lib/verification/report-comparison'
import {
  endpointSchema,
  rowDifferenceSchema,
  tableComparisonSchema,
  verificationResultSchema,
} from '@/lib/verification/verification-result'

export const verificationKeys = {
  all: ['verification'] as const,
  counts: ['verification', 'counts'] as const,
  reports: ['verification', 'reports'] as const,
  report: (id: string) => ['verification', 'reports', id] as const,
  differences: (id: string, table: string, offset: number) => ['verification', 'reports', id, 'differences', table, offset] as const,
  comparison: (one: string, other: string) => ['verification', 'comparison', one, other] as const,
  functions: ['verification', 'functions'] as const,
  tables: ['verification', 'tables'] as const,
  rows: (request: RowsRequest) => ['verification', 'rows', request] as const,
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

export const differencesPageSize = 20

const differencesPageSchema = z.object({ differences: z.array(rowDifferenceSchema), named: z.number(), total: z.number() })

/** Rows of one table that differ, as the report names them; a page at a time. */
export function differencesQuery(reportId: string, table: string, offset: number) {
  const query = new URLSearchParams({ table, offset: String(offset), limit: String(differencesPageSize) })
  return queryOptions({
    queryKey: verificationKeys.differences(reportId, table, offset),
    queryFn: ({ signal }) =>
      fetchJson(`/api/verification/reports/${encodeURIComponent(reportId)}/differences?${query}`, differencesPageSchema, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })
}

const valuesSchema = z.object({ values: z.array(comparedValueSchema), readAt: z.iso.datetime() })

export interface ValuesRequest {
  readonly table: string
  readonly key: Readonly<Record<string, string>>
  readonly columns?: readonly string[]
}

/** What a row holds on both sides now. A mutation: it reveals, asks for the password, and is kept nowhere. */
export function valuesMutation() {
  return mutationOptions({
    mutationFn: (request: ValuesRequest) => fetchJson('/api/verification/values', valuesSchema, { method: 'POST', body: request }),
    gcTime: 0,
  })
}

const recheckSchema = z.object({ isUnchanged: z.boolean(), computed: z.string(), stored: z.string(), audited: z.string().nullable() })

/** Computes a report's checksum anew. */
export function recheckMutation() {
  return mutationOptions({
    mutationFn: (id: string) => fetchJson(`/api/verification/reports/${encodeURIComponent(id)}/checksum`, recheckSchema),
  })
}

const comparedLineSchema = z.object({ id: z.string(), createdAt: z.iso.datetime(), requestedBy: z.string() })

/** What changed between two reports. */
const comparedSchema = z.object({ earlier: comparedLineSchema, later: comparedLineSchema, comparison: reportComparisonSchema })
export type Compared = z.infer<typeof comparedSchema>

export function comparisonQuery(one: string, other: string) {
  return queryOptions({
    queryKey: verificationKeys.comparison(one, other),
    queryFn: ({ signal }) => fetchJson(`/api/verification/compare?${new URLSearchParams({ one, other })}`, comparedSchema, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })
}

const functionsAnswerSchema = z.object({
  reports: z.array(
    z.object({
      id: z.string(),
      createdAt: z.iso.datetime(),
      requestedBy: z.string(),
      checksum: z.string(),
      result: functionReportSchema,
      ticks: z.array(tickSchema),
      signedOff: z.object({ checksum: z.string(), isUnchanged: z.boolean() }).nullable(),
    }),
  ),
})
export type KeptFunctionReport = z.infer<typeof functionsAnswerSchema>['reports'][number]

/** What the app's functions came to, newest first. */
export function functionsQuery() {
  return queryOptions({
    queryKey: verificationKeys.functions,
    queryFn: ({ signal }) => fetchJson('/api/verification/functions', functionsAnswerSchema, { signal }),
    select: (answer) => answer.reports,
  })
}

export function tickMutation(reportId: string) {
  return mutationOptions({
    mutationFn: (tick: { item: string; outcome: 'works' | 'broken' | null }) =>
      fetchJson(`/api/verification/functions/${encodeURIComponent(reportId)}/ticks`, z.unknown(), { method: 'POST', body: tick }),
  })
}

/** The tables of both sides, for looking inside. */
export function tablesQuery() {
  const answer = z.object({ tables: z.array(browsedTableSchema), session: z.object({ role: z.string(), isSuperuser: z.boolean() }) })
  return queryOptions({
    queryKey: verificationKeys.tables,
    queryFn: ({ signal }) => fetchJson('/api/verification/tables', answer, { signal }),
    staleTime: 60_000,
  })
}

export interface RowsRequest {
  readonly table: string
  readonly side: 'source' | 'target'
  readonly after: string | null
  readonly key: string
}

/** One page of rows on both sides. */
export function rowsQuery(request: RowsRequest) {
  const { table, side, after, key } = request
  const query = new URLSearchParams({ table, side, ...(after === null ? {} : { after }), ...(key === '' ? {} : { key }) })
  return queryOptions({
    queryKey: verificationKeys.rows(request),
    queryFn: ({ signal }): Promise<BrowsedPage> => fetchJson(`/api/verification/rows?${query}`, browsedPageSchema, { signal }),
    staleTime: 0,
    gcTime: 60_000,
  })
}
