import { adminRoute } from '@/app/_server/api-route'
import { readActiveDatabase } from '@/lib/control/active-database'
import { isLive } from '@/lib/control/active-state'
import { readFollowStatus } from '@/lib/control/follow-status'

/** How far the copy that follows the app is behind; null where none follows. */
export const GET = adminRoute({}, async ({ container: { control } }) => {
  const { state } = await readActiveDatabase(control)
  if (!isLive(state) || !('jobId' in state) || state.jobId === null) return { follow: null }
  return { follow: await readFollowStatus(control, state.jobId) }
})
