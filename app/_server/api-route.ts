import type { ZodType } from 'zod'
import { isAdmin, type SessionUser } from '@/lib/auth/roles'
import { recordAudit } from '@/lib/control/audit'
import { AppError, httpStatusOf, reportError } from '@/lib/core/errors'
import { type Container, getContainer } from './container'
import type { RateLimitName } from './rate-limits'
import { checkOrigin, parseBody, parseWith } from './request-checks'
import { getSessionUser } from './session'

export interface RouteOptions<Body, Query, Params> {
  /** Absent: the body is not read. */
  readonly body?: ZodType<Body>
  /** Absent: the query is not read. */
  readonly query?: ZodType<Query>
  /** Absent: the path has no parameters. */
  readonly params?: ZodType<Params>
  /** Counts the call against the person's allowance. */
  readonly rateLimit?: RateLimitName
  /** Status of an answer that is not a Response. Default: 200. */
  readonly status?: number
}

export interface RouteCall<Body, Query, Params> {
  readonly request: Request
  readonly user: SessionUser
  readonly container: Container
  readonly body: Body
  readonly query: Query
  readonly params: Params
}

type Handle<Body, Query, Params> = (call: RouteCall<Body, Query, Params>) => Promise<object>
type RouteHandler = (request: Request, context: { readonly params: Promise<unknown> }) => Promise<Response>

const readOnlyRetrySeconds = 5

/** A route for admins: 401 for nobody, 403 for a plain user (kept in the audit log), before anything of the request is read. */
export function adminRoute<Body = undefined, Query = undefined, Params = undefined>(
  options: RouteOptions<Body, Query, Params>,
  handle: Handle<Body, Query, Params>,
): RouteHandler {
  return route('ADMIN', options, handle)
}

/** A route for anyone signed in: 401 for nobody. */
export function userRoute<Body = undefined, Query = undefined, Params = undefined>(
  options: RouteOptions<Body, Query, Params>,
  handle: Handle<Body, Query, Params>,
): RouteHandler {
  return route('USER', options, handle)
}

/**
 * The order is the point: who is it, may they, did their own page ask, not too often, is it well formed, do it.
 * Errors leave as `{error: ErrorReport}` with the status of their code; the whole error is logged here, once.
 */
function route<Body, Query, Params>(
  role: 'USER' | 'ADMIN',
  options: RouteOptions<Body, Query, Params>,
  handle: Handle<Body, Query, Params>,
): RouteHandler {
  return async (request, context) => {
    let container: Container | undefined
    try {
      container = await getContainer()
      const user = await authorise(role, request, container)
      if (request.method !== 'GET' && request.method !== 'HEAD') checkOrigin(request, container.environment.siteUrl)
      const waitSeconds = options.rateLimit ? await container.rateLimits.take(options.rateLimit, user.id) : 0
      if (waitSeconds > 0) return errorResponse(tooManyRequests(waitSeconds), waitSeconds)
      const { searchParams } = new URL(request.url)
      // Each is undefined exactly where its schema is absent, which is what the default type parameters say.
      const params = (options.params && parseWith(options.params, await context.params, 'path')) as Params
      const query = (options.query && parseWith(options.query, Object.fromEntries(searchParams), 'query')) as Query
      const body = (options.body && (await parseBody(request, options.body))) as Body
      const answer = await handle({ request, user, container, body, query, params })
      return answer instanceof Response ? answer : json(answer, options.status ?? 200)
    } catch (error) {
      // Whoever asked has gone, and what was done for them was stopped: nobody has to look into that.
      const isGone = request.signal.aborted
      if (!isGone && (!(error instanceof AppError) || httpStatusOf(error.code) >= 500)) logFailure(container, request, error)
      return errorResponse(error)
    }
  }
}

/** An error as the API answers it. */
export function errorResponse(error: unknown, retryAfterSeconds?: number): Response {
  const report = reportError(error)
  // What an unexpected error says is for the log: it may hold anything.
  const shown =
    report.code === 'INTERNAL' && !(error instanceof AppError) ? { ...report, message: 'Something unexpected went wrong.' } : report
  const waitSeconds = retryAfterSeconds ?? (report.code === 'APP_READ_ONLY' ? readOnlyRetrySeconds : undefined)
  return json({ error: shown }, httpStatusOf(report.code), waitSeconds === undefined ? {} : { 'Retry-After': String(waitSeconds) })
}

async function authorise(role: 'USER' | 'ADMIN', request: Request, container: Container): Promise<SessionUser> {
  const user = await getSessionUser()
  if (user && (role === 'USER' || isAdmin(user))) return user
  if (role === 'ADMIN') await auditRefusal(request, user, container)
  if (!user) {
    throw new AppError({
      code: 'NOT_SIGNED_IN',
      operation: 'authorise',
      message: 'You are not signed in.',
      hint: 'Sign in, then try again.',
    })
  }
  throw new AppError({
    code: 'NOT_ALLOWED',
    operation: 'authorise',
    message: 'Only an administrator may do this.',
    hint: 'Sign in with an account that has the role ADMIN.',
  })
}

async function auditRefusal(request: Request, user: SessionUser | null, container: Container): Promise<void> {
  if ((await container.rateLimits.take('refusal-audit', user?.id ?? 'nobody')) > 0) return
  const subject = `${request.method} ${new URL(request.url).pathname}`
  await recordAudit(container.control, { actor: user?.email ?? 'nobody', action: 'admin.refused', subject })
}

function tooManyRequests(waitSeconds: number): AppError {
  const hint = `Wait ${waitSeconds} seconds, then try again.`
  return new AppError({
    code: 'RATE_LIMITED',
    operation: 'limit requests',
    message: 'Too many requests of this kind.',
    hint,
    retryable: true,
  })
}

function logFailure(container: Container | undefined, request: Request, error: unknown): void {
  const where = { method: request.method, path: new URL(request.url).pathname }
  if (container) container.logger.error({ ...where, err: error }, 'request failed')
  else console.error('The web process cannot start its services:', error instanceof Error ? error.message : error)
}

function json(value: object, status: number, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json(value, { status, headers: { 'Cache-Control': 'no-store', ...headers } })
}
