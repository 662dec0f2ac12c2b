import { adminRoute } from '@/app/_server/api-route'
import { readActiveDatabase } from '@/lib/control/active-database'
import { readEmergency } from '@/lib/control/way-back'
import { reportError } from '@/lib/core/errors'
import { type ForwardPreview, previewForward } from '@/lib/migration/live/preview-forward'

/** What may be done with the copy that the app was switched back from, and what stayed behind in an emergency. */
export const GET = adminRoute({}, async ({ container: { control, sqlitePath, openTarget } }) => {
  const { state } = await readActiveDatabase(control)
  const former = state.status === 'on-sqlite' ? state.former : undefined
  const record = await readEmergency(control)
  // Shown until the administrator has put it away, which takes it out of the state.
  const emergency = former?.how === 'emergency' && record?.at === former.at ? record : null
  return {
    forward: former?.how === 'rolled-back' ? await forwardOf(former.log, () => preview(former.jobId, former.log ?? '')) : null,
    emergency: emergency && { at: emergency.at, by: emergency.by, lastKnown: emergency.lastKnown, postgres: emergency.postgres },
  }

  function preview(jobId: string, log: string): Promise<ForwardPreview> {
    return previewForward({ sourcePath: sqlitePath ?? '', targetUrl: former ? openTarget(former.target) : '', jobId, log })
  }
})

/** A server that does not answer is said beside the rest, not instead of it. */
async function forwardOf(
  log: string | null,
  preview: () => Promise<ForwardPreview>,
): Promise<ForwardPreview | { status: 'unknown'; message: string }> {
  if (log === null) return { status: 'impossible', obstacle: 'log-gone' }
  try {
    return await preview()
  } catch (error) {
    return { status: 'unknown', message: reportError(error).message }
  }
}
