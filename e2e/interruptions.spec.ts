import { type BrowserContext, expect, type Page, test } from '@playwright/test'
import { migrationPage } from './support/migration-page'
import { contextOf, cvLinks } from './support/people'
import { listTargetObjects, querySqlite, type Stack, startStack, waitUntil } from './support/stack'
import { text } from './support/texts'

test.describe.configure({ mode: 'serial' })

let stack: Stack
let admin: BrowserContext
let user: BrowserContext
let page: Page

test.beforeAll(async ({ browser }) => {
  stack = await startStack()
  admin = await contextOf(browser, stack.url, 'admin')
  user = await contextOf(browser, stack.url, 'user')
})

test.beforeEach(async () => {
  page = await admin.newPage()
})

test.afterEach(() => page.close())

test.afterAll(async () => {
  await admin?.close()
  await user?.close()
  await stack?.stop()
})

const writeCv = (title: string) => user.request.post('/api/cvs', { headers: { Origin: stack.url }, data: { title, text: 'A few lines.' } })
const titles = () => querySqlite(stack.sqlitePath, 'SELECT title FROM CvFile').map((row) => row.title)

/** Starts a migration, waits until rows are under way, and then slows the line down so far that it stays in mid-copy. */
async function startSlowly(): Promise<number> {
  const migration = migrationPage(page, stack.url)
  await migration.open()
  await migration.prepare()
  await migration.testTarget()
  stack.line.setRate(80_000)
  await migration.start()
  const rows = await migration.waitForRowsAbove(0)
  stack.line.setRate(4_000)
  return rows
}

async function expectAsBefore(): Promise<void> {
  await waitUntil(
    async () => (await (await admin.request.get('/api/admin/state')).json()).writable === true,
    'the app to be writable again',
  )
  expect(await listTargetObjects(stack.directUrl)).toEqual([])
}

test('a write during the copy is refused with 503 and Retry-After, and nothing is lost', async () => {
  await startSlowly()
  const answer = await writeCv('Refused')
  expect(answer.status()).toBe(503)
  expect(Number(answer.headers()['retry-after'])).toBeGreaterThan(0)
  expect((await answer.json()).error).toMatchObject({ code: 'APP_READ_ONLY', retryable: true })
  expect(titles()).not.toContain('Refused')

  const site = await user.newPage()
  await site.goto('/')
  await expect(site.getByText(text('site.readOnly.title'))).toBeVisible()
  await expect(cvLinks(site).first()).toBeVisible()
  await site.close()
  await expect(page.getByText(text('admin.banner.migrating'))).toBeVisible()
})

test('the tab closed and opened again shows the same job where it is', async () => {
  const { activeJob } = await (await admin.request.get('/api/admin/state')).json()
  const migration = migrationPage(page, stack.url)
  await migration.open()
  const rows = await migration.waitForRowsAbove(0)
  expect(rows).toBeGreaterThan(0)
  const after = await (await admin.request.get('/api/admin/state')).json()
  expect(after.activeJob.id).toBe(activeJob.id)
})

test('cancelled in mid-copy: the app writes on SQLite again and the target is as empty as before', async () => {
  const migration = migrationPage(page, stack.url)
  await migration.open()
  await migration.waitForRowsAbove(0)
  await page.getByRole('button', { name: text('jobs.cancel') }).click()
  await page
    .getByRole('alertdialog')
    .getByRole('button', { name: text('jobs.cancel') })
    .click()
  await expect(page.getByText(text('migration.ended.cancelled'))).toBeVisible({ timeout: 30_000 })
  stack.line.setRate(Number.POSITIVE_INFINITY)
  await expectAsBefore()
  expect((await writeCv('After the cancel')).status()).toBe(201)
  expect(titles()).toContain('After the cancel')
})

test('the worker killed in mid-copy: the next one takes the same job up again, and it succeeds', async () => {
  const migration = migrationPage(page, stack.url)
  await startSlowly()
  const { activeJob } = await (await admin.request.get('/api/admin/state')).json()
  const killed = stack.workerPid()
  await stack.killWorker()
  stack.line.setRate(Number.POSITIVE_INFINITY)
  await expect(migration.ready).toBeVisible({ timeout: 120_000 })
  expect(stack.workerPid()).not.toBe(killed)
  const { job } = await (await admin.request.get(`/api/jobs/${activeJob.id}`)).json()
  expect(job).toMatchObject({ status: 'succeeded', attempt: 2 })
  // Nothing could be written meanwhile: what was copied before the kill is still right.
  expect((await writeCv('After the kill')).status()).toBe(503)
  const { tables } = await (await admin.request.get('/api/verification/counts')).json()
  expect(tables.length).toBeGreaterThan(10)
  for (const table of tables) expect(table.targetRows, table.table).toBe(table.sourceRows)
})

test('a finished copy is given up: SQLite is kept, the target is as empty as before', async () => {
  const migration = migrationPage(page, stack.url)
  await migration.open()
  await page.getByRole('button', { name: new RegExp(text('migration.ready.keep')) }).click()
  await page
    .getByRole('alertdialog')
    .or(page.getByRole('dialog'))
    .getByRole('button', { name: new RegExp(text('migration.ready.keep')) })
    .click()
  await expect(migration.startButton).toBeVisible({ timeout: 30_000 })
  await expectAsBefore()
  expect((await writeCv('After giving up')).status()).toBe(201)
})

test('the connection lost in mid-copy: it is made again, the copy goes on, and everything arrives', async () => {
  const migration = migrationPage(page, stack.url)
  await startSlowly()
  stack.line.cut()
  stack.line.setRate(Number.POSITIVE_INFINITY)
  await expect(migration.ready).toBeVisible({ timeout: 90_000 })
  const { tables } = await (await admin.request.get('/api/verification/counts')).json()
  for (const table of tables) expect(table.targetRows, table.table).toBe(table.sourceRows)
})
