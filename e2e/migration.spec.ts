import { type BrowserContext, expect, type Page, test } from '@playwright/test'
import { confirmTyped, migrationPage, readCounts, watchStreams } from './support/migration-page'
import { contextOf, cvLinks, signIn } from './support/people'
import { queryPostgres, querySqlite, type Stack, startStack } from './support/stack'
import { text } from './support/texts'

// One story: each step goes on where the one before it ended.
test.describe.configure({ mode: 'serial' })

let stack: Stack
let admin: BrowserContext
let page: Page
let user: BrowserContext

test.beforeAll(async ({ browser }) => {
  stack = await startStack()
  admin = await contextOf(browser, stack.url, 'admin')
  page = await admin.newPage()
})

test.afterAll(async () => {
  await admin?.close()
  await user?.close()
  await stack?.stop()
})

const tableNames = () =>
  querySqlite(stack.sqlitePath, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB '[A-Z]*' ORDER BY name").map((row) =>
    String(row.name),
  )
const countSqlite = (table: string) => Number(querySqlite(stack.sqlitePath, `SELECT count(*) AS n FROM "${table}"`)[0]?.n)
const countPostgres = async (table: string) => Number((await queryPostgres(stack.directUrl, `SELECT count(*) AS n FROM "${table}"`))[0]?.n)

test('an admin clicks "Migrate to PostgreSQL" and sees the numbers rise through the event stream', async () => {
  const streams = watchStreams(page)
  const migration = migrationPage(page, stack.url)
  await migration.open()
  await migration.prepare()
  await migration.testTarget()
  stack.line.setRate(150_000)
  await migration.start()

  const first = await migration.waitForRowsAbove(0)
  const second = await migration.waitForRowsAbove(first)
  const third = await migration.waitForRowsAbove(second)
  expect(third).toBeGreaterThan(second)
  expect(streams).toHaveLength(1)
  expect(streams[0]?.headers()).toMatchObject({ 'content-type': expect.stringContaining('text/event-stream') })

  stack.line.setRate(Number.POSITIVE_INFINITY)
  await expect(migration.ready).toBeVisible({ timeout: 60_000 })
})

test('every table has equal counts, and they are the true ones', async () => {
  const counts = await readCounts(page)
  const names = tableNames()
  expect(names.length).toBeGreaterThan(13)
  for (const name of names) {
    const shown = counts.get(name)
    expect(shown, name).toMatchObject({
      source: countSqlite(name),
      target: await countPostgres(name),
      state: text('verification.rowState.equal'),
    })
    expect(shown?.source, name).toBe(shown?.target)
  }
})

test('the app is read-only until it is switched, and says so', async () => {
  await expect(page.getByText(text('admin.banner.ready'))).toBeVisible()
})

test('the app is switched to PostgreSQL after a typed confirmation, without a restart', async () => {
  const worker = stack.workerPid()
  await confirmTyped(page, text('migration.ready.switch'), 'PostgreSQL')
  await expect(migrationPage(page, stack.url).onPostgres).toBeVisible({ timeout: 30_000 })
  expect(stack.workerPid()).toBe(worker)
})

test('a user signs in, opens a CV and writes one, on PostgreSQL', async ({ browser }) => {
  user = await browser.newContext({ baseURL: stack.url })
  const site = await user.newPage()
  await signIn(site, stack.url, 'user')
  const { cvs } = (await (await user.request.get('/api/cvs')).json()) as { cvs: { id: string; contentType: string }[] }
  const written = cvs.find(({ contentType }) => contentType.startsWith('text/'))
  await site.getByRole('main').locator(`li a[href="/cvs/${written?.id}"]`).click()
  const content = await (await user.request.get(`/api/cvs/${written?.id}/content`)).text()
  const firstLine = content.split('\n').find((line) => line.trim().length > 5) ?? ''
  await expect(site.getByRole('main').getByText(firstLine.trim()).first()).toBeVisible()

  const answer = await user.request.post('/api/cvs', {
    headers: { Origin: stack.url },
    data: { title: 'Written on PostgreSQL', text: 'Since the switch' },
  })
  expect(answer.status(), await answer.text()).toBe(201)
  await site.goto('/')
  await expect(site.getByText('Written on PostgreSQL').first()).toBeVisible()
  expect(await countPostgres('CvFile')).toBe(countSqlite('CvFile') + 1)
})

test('the verification page counts both sides again and keeps the report beside the earlier ones', async () => {
  const readReports = async () => (await (await admin.request.get('/api/verification/reports')).json()).reports as { id: string }[]
  const earlier = await readReports()
  await page.goto(`${stack.url}/admin/verification`)
  await page
    .getByRole('button', { name: new RegExp(`^(${text('verification.verify')}|${text('verification.verifyAgain')})$`) })
    .first()
    .click()
  await expect.poll(async () => (await readReports()).length, { timeout: 60_000 }).toBe(earlier.length + 1)
  const reports = await readReports()
  const added = reports.find(({ id }) => !earlier.some((one) => one.id === id))
  await page.goto(`${stack.url}/admin/verification/${added?.id}`)
  expect((await readCounts(page)).get('CvFile')).toMatchObject({ source: countSqlite('CvFile'), target: await countPostgres('CvFile') })
  const { report } = await (await admin.request.get(`/api/verification/reports/${added?.id}`)).json()
  const cvs = report.tables.find((one: { table: string }) => one.table === 'CvFile')
  expect(cvs).toMatchObject({ sourceRows: countSqlite('CvFile'), targetRows: await countPostgres('CvFile') })
})

test('switching back to SQLite says what it carries, and carries it', async () => {
  const migration = migrationPage(page, stack.url)
  await migration.open()
  await expect(migration.onPostgres).toBeVisible()
  const readPreview = async (): Promise<{ total: number; tables: { table: string; inserted: number; deleted: number }[] }> =>
    (await admin.request.get('/api/rollback/preview')).json()
  // It may be a count of some seconds ago, from before the CV was written.
  await expect
    .poll(async () => (await readPreview()).tables.map(({ table }) => table), { timeout: 30_000 })
    .toEqual(expect.arrayContaining(['CvFile', 'CreditTransaction']))
  const preview = await readPreview()
  for (const { table, inserted, deleted } of preview.tables) {
    expect(inserted - deleted, table).toBe((await countPostgres(table)) - countSqlite(table))
  }
  const cvs = await countPostgres('CvFile')

  await page.getByRole('button', { name: text('migration.postgres.back') }).click()
  const dialog = page.getByRole('alertdialog').or(page.getByRole('dialog'))
  await expect(dialog.getByText(new RegExp(`\\b${preview.total} changes? (is|are) carried to SQLite`))).toBeVisible()
  for (const { table } of preview.tables) await expect(dialog.getByText(table, { exact: true })).toBeVisible()
  await dialog.getByLabel(text('jobs.typed.label', { word: 'SQLite' })).fill('SQLite')
  await dialog.getByRole('button', { name: text('migration.postgres.back') }).click()
  await expect(migration.startButton).toBeVisible({ timeout: 60_000 })
  expect(countSqlite('CvFile')).toBe(cvs)
})

test('the user goes on with SQLite: what was written on PostgreSQL is there, new CVs can be written', async () => {
  const site = await user.newPage()
  await site.goto('/')
  await expect(cvLinks(site).first()).toBeVisible()
  await expect(site.getByText('Written on PostgreSQL').first()).toBeVisible()
  const before = countSqlite('CvFile')
  const answer = await user.request.post('/api/cvs', {
    headers: { Origin: stack.url },
    data: { title: 'Back on SQLite', text: 'After the way back' },
  })
  expect(answer.status(), await answer.text()).toBe(201)
  expect(countSqlite('CvFile')).toBe(before + 1)
})
