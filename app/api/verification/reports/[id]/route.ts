import { adminRoute } from '@/app/_server/api-route'
import { idParamsSchema } from '@/app/_server/path-schemas'
import { totalsOf } from '@/app/_server/report-totals'

/** Rows named with the report itself; more of them come page by page. */
const namedRows = 20

/** One report as it was stored, its checksum tested. */
export const GET = adminRoute({ params: idParamsSchema }, async ({ container, params }) => {
  const { id, jobId, createdAt, requestedBy, checksum, result } = await container.reports.get(params.id)
  const tables = result.tables.map((table) => ({ ...table, differences: table.differences.slice(0, namedRows) }))
  return { report: { ...result, tables, id, jobId, createdAt: createdAt.toISOString(), requestedBy, checksum, totals: totalsOf(result) } }
})
