import { readActiveSource } from '@/app/_server/active-source'
import { adminRoute } from '@/app/_server/api-route'
import { readHealth } from '@/lib/monitoring/health'

/** All panels of the active database and what is to be thought of them, read now. */
export const GET = adminRoute({ rateLimit: 'browse' }, async ({ container }) => ({
  report: await readHealth(await readActiveSource(container), { store: container.control }),
}))
