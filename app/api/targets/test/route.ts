import { adminRoute } from '@/app/_server/api-route'
import { resolveTarget, targetChoiceSchema } from '@/app/_server/job-requests'
import { inspectTarget } from '@/lib/postgres/inspect-target'
import { parseTargetUrl } from '@/lib/postgres/target-url'

const longestTestMs = 20_000

/** Looks at a target without changing it: reachable, version, TLS, privileges, empty, latency. */
export const POST = adminRoute({ body: targetChoiceSchema, rateLimit: 'target-test' }, async ({ container, body, request }) => {
  const { url, allowPrivate } = await resolveTarget(container, body)
  return inspectTarget(parseTargetUrl(url, { allowPrivate }), AbortSignal.any([request.signal, AbortSignal.timeout(longestTestMs)]))
})
