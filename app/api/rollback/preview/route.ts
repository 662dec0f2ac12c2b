import { adminRoute } from '@/app/_server/api-route'
import { readActiveDatabase } from '@/lib/control/active-database'
import { readWayBack } from '@/lib/control/way-back'
import { requireStateFor } from '@/lib/jobs/preconditions'
import { previewRollback } from '@/lib/migration/preview-roll-back'

/** A count of the worker's that is no older is as good as one of our own: a log of millions of entries takes seconds to count. */
const freshMs = 7_000

/** What a switch back to SQLite would carry there, and how long that takes: as counted at `at`. */
export const GET = adminRoute({}, async ({ container: { control, openTarget } }) => {
  const { target, jobId } = requireStateFor('rollback', (await readActiveDatabase(control)).state)
  const known = jobId === null ? null : await readWayBack(control, jobId)
  const now = control.clock.now()
  if (known?.waiting && !known.away && now.getTime() - Date.parse(known.waiting.at) < freshMs) return known.waiting
  return { ...(await previewRollback({ targetUrl: openTarget(target) })), at: now.toISOString() }
})
