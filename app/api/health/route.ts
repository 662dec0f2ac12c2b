import { errorResponse } from '@/app/_server/api-route'
import { getContainer } from '@/app/_server/container'
import { readHealth } from '@/app/_server/health'
import { isHealthToken } from '@/lib/alarms/alarm-settings'
import { AppError } from '@/lib/core/errors'

/**
 * For a monitor: 200 while the app serves, 503 while it does not. Anybody learns `{status}` and no more; with
 * `Authorization: Bearer <token>` of the Alarms page, the details as well.
 */
export async function GET(request: Request): Promise<Response> {
  try {
    const container = await getContainer()
    const isTrusted = await hasToken(request, container)
    const health = await readHealth(container)
    const headers = { 'Cache-Control': 'no-store' }
    return Response.json(isTrusted ? health : { status: health.status }, { status: health.status === 'down' ? 503 : 200, headers })
  } catch (error) {
    if (error instanceof AppError && error.code !== 'CONFIG_INVALID') return errorResponse(error)
    return Response.json({ status: 'down' }, { status: 503, headers: { 'Cache-Control': 'no-store' } })
  }
}

/** @throws AppError NOT_SIGNED_IN for a wrong token: a monitor with an old one is to be noticed; RATE_LIMITED */
async function hasToken(request: Request, { control, rateLimits }: Awaited<ReturnType<typeof getContainer>>): Promise<boolean> {
  const given = /^Bearer (.{1,200})$/.exec(request.headers.get('authorization') ?? '')?.[1]
  if (given === undefined) return false
  if ((await rateLimits.take('browse', 'health token')) > 0) {
    throw new AppError({ code: 'RATE_LIMITED', operation: 'read the health', message: 'Too many requests of this kind.', retryable: true })
  }
  if (await isHealthToken(control, given)) return true
  throw new AppError({
    code: 'NOT_SIGNED_IN',
    operation: 'read the health',
    message: 'This token is not the one that was made last.',
    hint: 'Make a new one on the Alarms page, or ask without one.',
  })
}
