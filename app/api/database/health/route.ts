import { readActiveSource } from '@/app/_server/active-source'
import { adminRoute } from '@/app/_server/api-route'
import { readHealth } from '@/lib/monitoring/health'
import { shortenReport } from '@/lib/monitoring/shorten-report'

/** All panels of the active database and what is to be thought of them, read now; of the long ones the first rows. */
export const GET = adminRoute({ rateLimit: 'browse' }, async ({ container }) => ({
  report: shortenReport(await readHealth(await readActiveSource(container), { store: container.control })),
}))
