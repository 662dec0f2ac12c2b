import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { totalsOf } from '@/app/_server/report-totals'

const pageSchema = z.object({ limit: z.coerce.number().int().min(1).max(200).default(50) })

/** Verification reports, newest first, with their totals. */
export const GET = adminRoute({ query: pageSchema }, async ({ container, query }) => {
  const reports = await container.reports.list(query.limit)
  return {
    reports: reports.map(({ id, createdAt, requestedBy, status, result }) => ({
      id,
      createdAt: createdAt.toISOString(),
      requestedBy,
      status,
      source: result.source,
      target: result.target,
      totals: totalsOf(result),
    })),
  }
})
