import { userRoute } from '@/app/_server/api-route'
import { readActiveDatabase } from '@/lib/control/active-database'
import { isWritable } from '@/lib/control/active-state'

/** Whether the app takes writes now; the banner of every signed-in page asks. */
export const GET = userRoute({}, async ({ container }) => {
  const { state } = await readActiveDatabase(container.control)
  const readOnly = !isWritable(state)
  return { readOnly, reason: readOnly ? state.status : null, retryAfterSeconds: readOnly ? 5 : null }
})
