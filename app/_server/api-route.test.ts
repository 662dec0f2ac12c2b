import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { SessionUser } from '@/lib/auth/roles'
import { parseEnvironment } from '@/lib/config/environment'
import { initialiseActiveDatabase, transitionActiveDatabase } from '@/lib/control/active-database'
import { listAudit } from '@/lib/control/audit'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import { createReportStore } from '@/lib/control/reports'
import { sealSecret } from '@/lib/control/secrets'
import { AppError } from '@/lib/core/errors'
import { createLogger } from '@/lib/core/logger'
import { claimJob, finishJob } from '@/lib/jobs/job-queue'
import { verificationResultSchema } from '@/lib/verification/verification-result'
import { adminRoute, userRoute } from './api-route'
import { createRateLimits } from './rate-limits'

// Who asks and with which services: the two things that a route gets from outside its request.
let user: SessionUser | null
let isRecent: boolean
let container: unknown
vi.mock('./session', () => ({ getSessionUser: async () => user, hasRecentAuthentication: async () => isRecent }))
vi.mock('./container', () => ({ getContainer: async () => container }))

const site = 'http://localhost:3000'
const secret = 'a secret of at least thirty-two characters'
const admin: SessionUser = { id: 'a', email: 'admin@example.org', name: null, role: 'ADMIN', authenticatedAt: new Date() }
const plain: SessionUser = { id: 'u', email: 'user@example.org', name: null, role: 'USER', authenticatedAt: new Date() }
const target = { sealedUrl: sealSecret('postgresql://app:hunter2@db:5432/app', secret), label: 'app@db:5432/app' }

let folder: string
let control: ControlStore

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bascule-api-'))
  control = await openControlStore(join(folder, 'control.db'))
  await initialiseActiveDatabase(control, { status: 'on-sqlite' }, 'test')
  const variables = {
    DATABASE_URL: `file:${folder}/app.db`,
    CV_ENCRYPTION_KEY: 'k'.repeat(32),
    NEXTAUTH_SECRET: secret,
    NEXT_PUBLIC_SITE_URL: site,
  }
  const environment = parseEnvironment(variables, folder)
  const reports = createReportStore(control, verificationResultSchema)
  const logger = createLogger('test', 'fatal')
  container = {
    root: folder,
    environment,
    logger,
    control,
    reports,
    rateLimits: createRateLimits(),
    sqlitePath: `${folder}/app.db`,
    openTarget: () => '',
  }
  user = admin
  isRecent = true
})
afterEach(async () => {
  await control.close()
  await rm(folder, { recursive: true, force: true })
})

describe('every admin route', () => {
  it('answers 401 to nobody and 403 to a plain user, before it reads the request', async () => {
    const routes = await findAdminRoutes()
    expect(routes.length).toBeGreaterThanOrEqual(14)
    for (const { name, handler } of routes) {
      user = null
      expect([name, (await handler(post('not json'), noParams)).status]).toEqual([name, 401])
      user = plain
      const refusal = await handler(post('not json'), noParams)
      expect([name, refusal.status]).toEqual([name, 403])
      expect(await refusal.json()).toMatchObject({ error: { code: 'NOT_ALLOWED' } })
    }
    const refused = (await listAudit(control, 100)).filter((entry) => entry.action === 'admin.refused')
    expect(new Set(refused.map((entry) => entry.actor))).toEqual(new Set(['nobody', plain.email]))
  })
})

describe('a changing request', () => {
  const route = adminRoute({}, async () => ({ done: true }))
  const answerTo = async (headers: Record<string, string>) => (await route(post('{}', headers), noParams)).status

  it('is refused when another site’s page made it', async () => {
    expect(await answerTo({ origin: 'https://evil.example' })).toBe(403)
    expect(await answerTo({ origin: 'null' })).toBe(403)
    expect(await answerTo({ origin: 'http://localhost:3001' })).toBe(403)
    expect(await answerTo({ 'sec-fetch-site': 'cross-site' })).toBe(403)
    expect(await answerTo({ 'sec-fetch-site': 'same-site', origin: site })).toBe(403)
  })

  it('is taken from the app’s own page, under any of the server’s names, and from programs', async () => {
    expect(await answerTo({ origin: site, 'sec-fetch-site': 'same-origin' })).toBe(200)
    expect(await answerTo({ origin: 'http://127.0.0.1:3000', host: '127.0.0.1:3000' })).toBe(200)
    expect(await answerTo({})).toBe(200)
  })
})

describe('errors', () => {
  const failing = (error: unknown) => userRoute({}, () => Promise.reject(error))(post('{}'), noParams)

  it('carry code, hint and status, and Retry-After while the app is read-only', async () => {
    const response = await failing(new AppError({ code: 'APP_READ_ONLY', message: 'Being moved.', hint: 'Wait.', retryable: true }))
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('5')
    expect(await response.json()).toEqual({ error: { code: 'APP_READ_ONLY', message: 'Being moved.', hint: 'Wait.', retryable: true } })
  })

  it('keep to themselves what an unexpected one said', async () => {
    const response = await failing(new Error('connect postgresql://app:hunter2@db failed'))
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('hunter2')
  })
})

describe('POST /api/jobs', () => {
  it('refuses what is not well formed, naming the field and never the value', async () => {
    for (const body of [
      '',
      '[]',
      '{"kind":"drop"}',
      '{"kind":"cutover","confirmation":"hunter2"}',
      '{"kind":"migrate","target":{"from":"form"}}',
    ]) {
      const response = await postJob(body)
      expect(response.status).toBe(400)
      expect(await response.text()).not.toContain('hunter2')
    }
    expect((await postJob(`{"kind":"verify","pad":"${'x'.repeat(70_000)}"}`)).status).toBe(400)
    expect((await postJob('{"kind":"verify"}', { 'content-type': 'text/plain' })).status).toBe(400)
  })

  it('queues a migration with its password sealed, and refuses a second one kindly', async () => {
    const body = JSON.stringify({ kind: 'migrate', target: { from: 'form', url: 'postgresql://app:hunter2@127.0.0.1/app' } })
    const first = await postJob(body)
    expect(first.status).toBe(202)
    expect(await first.text()).not.toContain('hunter2')
    const row = await control.read.job.findFirstOrThrow()
    expect(row.payload).not.toContain('hunter2')
    const second = await postJob(body)
    expect(second.status).toBe(409)
    expect(await second.json()).toMatchObject({ error: { code: 'LEASE_HELD', message: expect.stringContaining(admin.email) } })
  })

  it('asks for the password again before a switch, and only in a state for it', async () => {
    const body = '{"kind":"cutover","confirmation":"PostgreSQL"}'
    expect(await codeOf(await postJob(body))).toEqual([409, 'STATE_CONFLICT'])
    const ready = { status: 'ready-to-switch', jobId: 'j', target, since: new Date().toISOString() } as const
    await transitionActiveDatabase(control, { from: 1, to: ready, actor: 'test' })
    isRecent = false
    expect(await codeOf(await postJob(body))).toEqual([403, 'CONFIRMATION_REQUIRED'])
    isRecent = true
    expect((await postJob(body)).status).toBe(202)
  })

  it('asks for the password again when a switch is retried', async () => {
    const ready = { status: 'ready-to-switch', jobId: 'j', target, since: new Date().toISOString() } as const
    await transitionActiveDatabase(control, { from: 1, to: ready, actor: 'test' })
    const { job } = (await (await postJob('{"kind":"cutover","confirmation":"PostgreSQL"}')).json()) as { job: { id: string } }
    const { hold } = (await claimJob(control, 'w')) ?? expect.fail('no job')
    await finishJob(control, hold, { status: 'failed', error: { code: 'TARGET_UNREACHABLE', message: 'away', retryable: true } })
    const { POST } = await import('@/app/api/jobs/[id]/retry/route')
    const params = { params: Promise.resolve({ id: job.id }) }
    isRecent = false
    expect(await codeOf(await POST(post('{}'), params))).toEqual([403, 'CONFIRMATION_REQUIRED'])
    isRecent = true
    expect((await POST(post('{}'), params)).status).toBe(202)
  })

  it('answers 429 with Retry-After to somebody who asks too often', async () => {
    const statuses: number[] = []
    for (let index = 0; index < 25; index++) statuses.push((await postJob('{}')).status)
    expect(statuses.filter((status) => status === 429)).toHaveLength(5)
    expect(Number((await postJob('{}')).headers.get('retry-after'))).toBeGreaterThan(0)
  })
})

describe('GET /api/jobs/:id/events', () => {
  it('replays after Last-Event-ID and ends', async () => {
    const { job } = (await (await postJob('{"kind":"migrate","target":{"from":"form","url":"postgresql://a:b@127.0.0.1/c"}}')).json()) as {
      job: { id: string }
    }
    const { hold } = (await claimJob(control, 'w')) ?? expect.fail('no job')
    await finishJob(control, hold, { status: 'succeeded', result: null })
    const { GET } = await import('@/app/api/jobs/[id]/events/route')
    const request = new Request(`${site}/api/jobs/x/events`, { headers: { 'last-event-id': '1' } })
    const response = await GET(request, { params: Promise.resolve({ id: job.id }) })
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': expect.stringContaining('text/event-stream'),
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    })
    const text = await response.text()
    expect(text.match(/^id: \d+$/gm)).toEqual(['id: 2', 'id: 3'])
    expect(text).toMatch(/event: end\ndata: {"lastSeq":3}\n\n$/)
  })
})

type Handler = (request: Request, context: { params: Promise<unknown> }) => Promise<Response>
const noParams = { params: Promise.resolve({}) }

function post(body: string, headers: Record<string, string> = {}): Request {
  return new Request(`${site}/api/anything`, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })
}

async function postJob(body: string, headers: Record<string, string> = {}): Promise<Response> {
  const { POST } = await import('@/app/api/jobs/route')
  return POST(post(body, headers), noParams)
}

async function codeOf(response: Response): Promise<[number, string]> {
  const body = (await response.json()) as { error: { code: string } }
  return [response.status, body.error.code]
}

/** Each handler of each route below app/api that admins alone may use, found on disk: a new one is tested without being named here. */
async function findAdminRoutes(): Promise<{ name: string; handler: Handler }[]> {
  const api = join(import.meta.dirname, '../api')
  const forOthers = /^(auth|cvs|account|status|health|emergency)\//
  const files = (await readdir(api, { recursive: true })).filter((file) => file.endsWith('route.ts') && !forOthers.test(file))
  const modules = await Promise.all(
    files.map(async (file) => ({ file, module: (await import(join(api, file))) as Record<string, unknown> })),
  )
  return modules.flatMap(({ file, module }) =>
    ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].flatMap((method) =>
      // Exports under these names are what Next calls.
      method in module ? [{ name: `${method} ${file}`, handler: module[method] as Handler }] : [],
    ),
  )
}
