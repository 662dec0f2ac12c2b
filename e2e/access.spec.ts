import { type APIResponse, type BrowserContext, expect, test } from '@playwright/test'
import { type ApiRoute, listApiRoutes, listPages } from './support/app-routes'
import { contextOf } from './support/people'
import { type Stack, startStack } from './support/stack'

/** What is not for admins alone. Whatever else is found under app/ must refuse a plain user. */
// The emergency is for when nobody can be known; it has doors of its own.
const openPages = ['/sign-in', '/emergency']
const openRoutes = /^\/api\/(auth\/|health$|emergency(\/|$))/
const userPages = /^\/(?!admin)/
const userRoutes = /^\/api\/(cvs|account|status)(\/|$)/

const pages = listPages()
const routes = listApiRoutes().filter(({ path }) => !openRoutes.test(path))
const adminPages = pages.filter((path) => !userPages.test(path))
const adminRoutes = routes.filter(({ path }) => !userRoutes.test(path))

let stack: Stack
let nobody: BrowserContext
let user: BrowserContext
let admin: BrowserContext

test.beforeAll(async ({ browser }) => {
  stack = await startStack()
  nobody = await contextOf(browser, stack.url, 'nobody')
  user = await contextOf(browser, stack.url, 'user')
  admin = await contextOf(browser, stack.url, 'admin')
})

test.afterAll(async () => {
  for (const context of [nobody, user, admin]) await context?.close()
  await stack?.stop()
})

test('the lists were read from app/', () => {
  expect(adminPages).toEqual(
    expect.arrayContaining(['/admin', '/admin/migration', '/admin/verification', '/admin/activity', '/admin/activity/unknown']),
  )
  const names = adminRoutes.map(({ method, path }) => `${method} ${path}`)
  expect(names).toEqual(
    expect.arrayContaining(['POST /api/jobs', 'GET /api/jobs/unknown/events', 'POST /api/targets/test', 'GET /api/admin/state']),
  )
})

for (const path of adminPages) {
  test(`${path}: nobody is sent to sign in, a plain user gets 403, an admin gets in`, async () => {
    const anonymous = await nobody.request.get(path, { maxRedirects: 0 })
    expect(anonymous.status()).toBe(307)
    expect(anonymous.headers().location).toContain('/sign-in')
    expect((await user.request.get(path)).status()).toBe(403)
    expect((await admin.request.get(path)).status()).toBeLessThan(path.includes('unknown') ? 405 : 300)
  })
}

for (const path of pages.filter((candidate) => userPages.test(candidate) && !openPages.includes(candidate) && candidate !== '/')) {
  test(`${path}: nobody is sent to sign in`, async () => {
    const answer = await nobody.request.get(path, { maxRedirects: 0 })
    expect(answer.status()).toBe(307)
    expect(answer.headers().location).toContain('/sign-in')
  })
}

for (const route of routes) {
  test(`${route.method} ${route.path}: 401 for nobody`, async () => {
    await expectRefusal(await send(nobody, route), 401, 'NOT_SIGNED_IN')
  })
}

for (const route of adminRoutes) {
  test(`${route.method} ${route.path}: 403 for a plain user`, async () => {
    await expectRefusal(await send(user, route), 403, 'NOT_ALLOWED')
  })
}

for (const route of routes.filter(({ method }) => method !== 'GET')) {
  test(`${route.method} ${route.path}: refused from another site’s page, also for an admin`, async () => {
    const origin = { Origin: 'https://elsewhere.example' }
    await expectRefusal(await send(admin, route, origin), 403, 'NOT_ALLOWED')
    await expectRefusal(await send(admin, route, { 'Sec-Fetch-Site': 'cross-site' }), 403, 'NOT_ALLOWED')
  })
}

test('the emergency opens to nobody while there is none, and to no other site’s page', async () => {
  const own = { Origin: stack.url }
  expect(await (await nobody.request.get('/api/emergency')).json()).toEqual({ status: 'elsewhere', person: null, details: null })
  const asAdmin = { headers: own, data: { email: 'admin@example.org', password: 'anything' } }
  await expectRefusal(await nobody.request.post('/api/emergency/sign-in', asAdmin), 409, 'STATE_CONFLICT')
  await expectRefusal(
    await admin.request.post('/api/emergency/switch', { headers: own, data: { confirmation: 'SQLite' } }),
    401,
    'NOT_SIGNED_IN',
  )
  const foreign = { headers: { Origin: 'https://elsewhere.example' }, data: { confirmation: 'SQLite' } }
  await expectRefusal(await admin.request.post('/api/emergency/switch', foreign), 403, 'NOT_ALLOWED')
})

test('nothing of all that was queued', async () => {
  const { jobs } = await (await admin.request.get('/api/jobs')).json()
  expect(jobs).toEqual([])
})

async function send(context: BrowserContext, { path, method }: ApiRoute, headers: Record<string, string> = {}): Promise<APIResponse> {
  const own = { Origin: stack.url, ...headers }
  return context.request.fetch(path, { method, headers: own, maxRedirects: 0, ...(method === 'GET' ? {} : { data: {} }) })
}

async function expectRefusal(response: APIResponse, status: number, code: string): Promise<void> {
  expect(response.status()).toBe(status)
  expect((await response.json()).error.code).toBe(code)
}
