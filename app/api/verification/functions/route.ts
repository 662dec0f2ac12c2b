import { adminRoute } from '@/app/_server/api-route'
import { functionReports } from '@/app/_server/function-reports'

const shownReports = 20

/** What the app's functions came to, newest first, with what was ticked off by hand. */
export const GET = adminRoute({}, async ({ container }) => {
  const reports = await functionReports(container).list(shownReports)
  return { reports: reports.map(({ createdAt, ...report }) => ({ ...report, createdAt: createdAt.toISOString() })) }
})
