import { adminRoute } from '@/app/_server/api-route'
import { listAlarms } from '@/lib/alarms/watch-alarms'

/** Alarms of the backups: the open ones first, then the latest that are over. */
export const GET = adminRoute({}, async ({ container }) => ({ alarms: await listAlarms(container.control) }))
