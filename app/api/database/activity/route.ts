import { readActiveUrl } from '@/app/_server/active-source'
import { adminRoute } from '@/app/_server/api-route'
import { readPostgresActivity } from '@/lib/monitoring/activity'

/** Who is connected to the active PostgreSQL and what they do: asked every few seconds while somebody looks. */
export const GET = adminRoute({}, async ({ container }) => ({
  activity: await readPostgresActivity(await readActiveUrl(container)),
}))
