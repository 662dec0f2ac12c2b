import { adminRoute } from '@/app/_server/api-route'
import { idParamsSchema } from '@/app/_server/path-schemas'
import { isAdmin } from '@/lib/auth/roles'
import { findUser } from '@/lib/cvsite/accounts'
import { finalStatuses, type JobView } from '@/lib/jobs/job'
import { readEvents } from '@/lib/jobs/job-events'
import { getJob } from '@/lib/jobs/job-queue'
import { eventStreamHeaders, parseLastEventId } from '@/lib/sse/event-stream'
import { followEvents } from '@/lib/sse/follow-events'

export const dynamic = 'force-dynamic'

/** How long an open stream believes that its reader is still an admin, in milliseconds. */
const trustMs = 5_000
/** An interrupted job may be taken up again, which its next worker decides in a moment: so long its stream stays open. */
const takeUpMs = 30_000

/** The job's events as they are stored: from Last-Event-ID on, until the job has ended, or the reader has gone or is no admin any more. */
export const GET = adminRoute(
  { params: idParamsSchema },
  async ({ container: { control, appDatabase }, params: { id }, request, user }) => {
    await getJob(control, id)
    const demoted = new AbortController()
    let trustedAt = Date.now()
    const checkReader = async () => {
      if (Date.now() - trustedAt < trustMs) return
      trustedAt = Date.now()
      // A database that cannot be asked now (it is being switched) demotes nobody; the next look decides.
      const reader = await findUser(appDatabase, user.id).catch(() => user)
      if (!isAdmin(reader)) demoted.abort()
    }
    const source = {
      readAfter: async (after: number, limit: number) => {
        await checkReader()
        return demoted.signal.aborted ? [] : readEvents(control, id, after, limit)
      },
      hasEnded: async () => isOver(await getJob(control, id)),
    }
    const stream = followEvents(source, {
      after: parseLastEventId(request.headers.get('last-event-id')),
      toData: ({ at, event }) => ({ at, event }),
      signal: AbortSignal.any([request.signal, demoted.signal]),
    })
    return new Response(stream, { headers: eventStreamHeaders })
  },
)

function isOver({ status, finishedAt }: JobView): boolean {
  if (status === 'interrupted' && finishedAt !== null) return Date.now() - Date.parse(finishedAt) > takeUpMs
  return finalStatuses.has(status)
}
