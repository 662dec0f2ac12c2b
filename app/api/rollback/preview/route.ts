import { adminRoute } from '@/app/_server/api-route'
import { readActiveDatabase } from '@/lib/control/active-database'
import { requireStateFor } from '@/lib/jobs/preconditions'
import { previewRollback } from '@/lib/migration/roll-back'

/** What a switch back to SQLite would leave behind, counted now. */
export const GET = adminRoute({}, async ({ container: { control, openTarget } }) => {
  const { target } = requireStateFor('rollback', (await readActiveDatabase(control)).state)
  return previewRollback({ targetUrl: openTarget(target) })
})
