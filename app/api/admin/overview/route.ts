import { readActiveSource } from '@/app/_server/active-source'
import { adminRoute } from '@/app/_server/api-route'
import { readOverview } from '@/lib/monitoring/overview'

/** Size, version and rows of the active database, read now. */
export const GET = adminRoute({}, async ({ container }) => readOverview(await readActiveSource(container)))
