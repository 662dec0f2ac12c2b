import { queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { fetchJson } from '@/components/api/fetch-json'
import type { Overview } from '@/lib/monitoring/overview-schema'

export const overviewKey = ['overview'] as const

const count = z.number().nonnegative()

/** The part of GET /api/admin/overview that is shown. lib/monitoring has the whole; it cannot run in a browser. */
const overviewSchema = z.object({
  engine: z.enum(['sqlite', 'postgresql']),
  label: z.string(),
  version: z.string().nullable(),
  readAt: z.iso.datetime(),
  sizeBytes: count.nullable(),
  users: count.nullable(),
  tables: z.array(z.object({ table: z.string(), rows: count.nullable(), rowsExact: z.boolean(), sizeBytes: count.nullable() })),
  unknown: z.array(z.object({ part: z.string(), reason: z.string() })),
}) satisfies z.ZodType<Pick<Overview, 'engine' | 'label' | 'version' | 'readAt' | 'sizeBytes' | 'users' | 'tables' | 'unknown'>>

export type OverviewAnswer = z.infer<typeof overviewSchema>

/** Whether the tables could be listed; where not, an empty list means nothing. */
export function areTablesKnown({ unknown }: OverviewAnswer): boolean {
  return unknown.every(({ part }) => part !== 'tables')
}

/** Size, version and rows of the active database. */
export function overviewQuery() {
  return queryOptions({
    queryKey: overviewKey,
    queryFn: ({ signal }) => fetchJson('/api/admin/overview', overviewSchema, { signal }),
    refetchInterval: 30_000,
  })
}
