import { adminRoute } from '@/app/_server/api-route'
import { logFolder } from '@/lib/core/log-files'
import { searchJobLogs } from '@/lib/logs/job-logs'
import { logQuerySchema } from '@/lib/logs/log-entry'
import { searchLogFiles } from '@/lib/logs/log-files'

const mostLines = 500

/** The newest lines that are what was asked for, newest first. */
export const GET = adminRoute({ query: logQuerySchema, rateLimit: 'browse' }, async ({ container, query }) => {
  const { control, environment } = container
  const [files, jobs] = await Promise.all([
    query.source === 'jobs' ? [] : searchLogFiles(logFolder(environment.dataDir), query, mostLines + 1),
    searchJobLogs(control, query, mostLines + 1),
  ])
  const found = [...files, ...jobs].sort((a, b) => b.at.localeCompare(a.at))
  return { entries: found.slice(0, mostLines), more: found.length > mostLines }
})
