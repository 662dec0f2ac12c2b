import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { compareReports } from '@/lib/verification/compare-reports'

const id = z.string().min(1).max(100)
const querySchema = z.object({ one: id, other: id })

/** What changed between two kept reports, whichever was named first. */
export const GET = adminRoute({ query: querySchema }, async ({ container, query }) => {
  const both = await Promise.all([container.reports.get(query.one), container.reports.get(query.other)])
  const [earlier, later] = both.sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime())
  const line = ({ id: reportId, createdAt, requestedBy }: (typeof both)[0]) => ({
    id: reportId,
    createdAt: createdAt.toISOString(),
    requestedBy,
  })
  return { earlier: line(earlier), later: line(later), comparison: compareReports(earlier.result, later.result) }
})
