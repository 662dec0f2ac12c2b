import { adminRoute } from '@/app/_server/api-route'
import { idParamsSchema } from '@/app/_server/path-schemas'
import { finalStatuses } from '@/lib/jobs/job'
import { readEvents } from '@/lib/jobs/job-events'
import { getJob } from '@/lib/jobs/job-queue'
import { eventStreamHeaders, parseLastEventId } from '@/lib/sse/event-stream'
import { followEvents } from '@/lib/sse/follow-events'

export const dynamic = 'force-dynamic'

/** The job's events as they are stored: from Last-Event-ID on, until the job has ended or the reader has gone. */
export const GET = adminRoute({ params: idParamsSchema }, async ({ container: { control }, params: { id }, request }) => {
  await getJob(control, id)
  const source = {
    readAfter: (after: number, limit: number) => readEvents(control, id, after, limit),
    hasEnded: async () => finalStatuses.has((await getJob(control, id)).status),
  }
  const stream = followEvents(source, {
    after: parseLastEventId(request.headers.get('last-event-id')),
    toData: ({ at, event }) => ({ at, event }),
    signal: request.signal,
  })
  return new Response(stream, { headers: eventStreamHeaders })
})
