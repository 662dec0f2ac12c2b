import { adminRoute } from '@/app/_server/api-route'
import { isAdmin } from '@/lib/auth/roles'
import { logFolder } from '@/lib/core/log-files'
import { findUser } from '@/lib/cvsite/accounts'
import { followLogs } from '@/lib/logs/follow-logs'
import { logQuerySchema } from '@/lib/logs/log-entry'
import { eventStreamHeaders } from '@/lib/sse/event-stream'
import { followEvents } from '@/lib/sse/follow-events'

export const dynamic = 'force-dynamic'

/** How long an open stream believes that its reader is still an admin, in milliseconds. */
const trustMs = 5_000
const pollMs = 500

/** Lines as they are written, until the reader has gone or is no admin any more. */
export const GET = adminRoute({ query: logQuerySchema, rateLimit: 'browse' }, async ({ container, query, request, user }) => {
  const { control, environment, appDatabase } = container
  const demoted = new AbortController()
  let trustedAt = Date.now()
  const source = await followLogs(logFolder(environment.dataDir), control, query)
  const checked = {
    ...source,
    readAfter: async (after: number, limit: number) => {
      if (Date.now() - trustedAt >= trustMs) {
        trustedAt = Date.now()
        // A database that cannot be asked now demotes nobody; the next look decides.
        if (!isAdmin(await findUser(appDatabase, user.id).catch(() => user))) demoted.abort()
      }
      return demoted.signal.aborted ? [] : source.readAfter(after, limit)
    },
  }
  const signal = AbortSignal.any([request.signal, demoted.signal])
  const stream = followEvents(checked, { after: 0, toData: ({ entry }) => entry, signal, pollMs })
  return new Response(stream, { headers: eventStreamHeaders })
})
