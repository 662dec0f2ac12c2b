import { adminRoute } from '@/app/_server/api-route'
import { idParamsSchema } from '@/app/_server/path-schemas'
import { totalsOf } from '@/app/_server/report-totals'

/** One report as it was stored, its checksum tested. */
export const GET = adminRoute({ params: idParamsSchema }, async ({ container, params }) => {
  const { id, jobId, createdAt, requestedBy, checksum, result } = await container.reports.get(params.id)
  return { report: { ...result, id, jobId, createdAt: createdAt.toISOString(), requestedBy, checksum, totals: totalsOf(result) } }
})
