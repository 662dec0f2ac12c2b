import { adminRoute } from '@/app/_server/api-route'
import { readLiveRefusals } from '@/lib/migration/live/live-refusals'

/** Whether the app can go on writing while it is migrated, and if not why. */
export const GET = adminRoute({}, async ({ container: { environment } }) => {
  const { database } = environment
  if (database.engine !== 'sqlite') return { refusals: [] }
  return { refusals: readLiveRefusals(database.path).map(({ code, table, hint }) => ({ code, table, hint })) }
})
