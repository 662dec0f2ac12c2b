import { readActiveSource } from '@/app/_server/active-source'
import { adminRoute } from '@/app/_server/api-route'
import type { PostgresLog } from '@/lib/logs/log-entry'
import { readPostgresLog } from '@/lib/logs/postgres-log'

/** The end of PostgreSQL's own log, or how to find it. */
export const GET = adminRoute({ rateLimit: 'browse' }, async ({ container }): Promise<{ log: PostgresLog }> => {
  const source = await readActiveSource(container)
  return { log: source.engine === 'postgresql' ? await readPostgresLog(source.url) : { status: 'not-active' } }
})
