import { type BrowserContext, expect, type Page, test } from '@playwright/test'
import { confirmTyped, migrationPage } from './support/migration-page'
import { contextOf } from './support/people'
import { queryPostgres, querySqlite, type Stack, startStack } from './support/stack'
import { text } from './support/texts'

// One story: each step goes on where the one before it ended.
test.describe.configure({ mode: 'serial' })

let stack: Stack
let admin: BrowserContext
let user: BrowserContext
let page: Page

test.beforeAll(async ({ browser }) => {
  stack = await startStack()
  admin = await contextOf(browser, stack.url, 'admin')
  user = await contextOf(browser, stack.url, 'user')
  page = await admin.newPage()
})

test.afterAll(async () => {
  await admin?.close()
  await user?.close()
  await stack?.stop()
})

async function writeCv(title: string): Promise<void> {
  const answer = await user.request.post('/api/cvs', { headers: { Origin: stack.url }, data: { title, text: 'Written meanwhile' } })
  expect(answer.status(), await answer.text()).toBe(201)
}

const arrived = async (title: string) => (await queryPostgres(stack.directUrl, `SELECT 1 FROM "CvFile" WHERE title = '${title}'`)).length

test('people go on writing while the database is copied, and nothing says that they cannot', async () => {
  const migration = migrationPage(page, stack.url)
  await migration.open()
  await migration.prepare()
  await migration.testTarget()
  stack.line.setRate(150_000)
  await migration.start('live')
  await migration.waitForRowsAbove(0)
  await writeCv('While it was copied')
  await expect(page.getByText(text('admin.banner.migrating'))).toHaveCount(0)
  stack.line.setRate(Number.POSITIVE_INFINITY)
  await expect(migration.ready).toBeVisible({ timeout: 120_000 })
  await expect(page.getByText(text('admin.banner.ready'))).toHaveCount(0)
  expect(await arrived('While it was copied')).toBe(1)
})

test('a copy that is ready follows what is written, and shows by how much it is behind', async () => {
  await expect(page.getByText(text('migration.live.status.following'), { exact: true })).toBeVisible({ timeout: 30_000 })
  await writeCv('While it waited')
  await expect.poll(() => arrived('While it waited'), { timeout: 30_000 }).toBe(1)
  await expect(page.getByRole('img', { name: new RegExp(text('migration.live.chart').split('{')[0] ?? '') })).toBeVisible({
    timeout: 30_000,
  })
})

test('given up, nothing of it is left in the file, and people write on', async () => {
  await page.getByRole('button', { name: text('migration.ready.keep') }).click()
  await page
    .getByRole('alertdialog')
    .getByRole('button', { name: text('migration.ready.keep') })
    .click()
  await expect(migrationPage(page, stack.url).startButton).toBeVisible({ timeout: 60_000 })
  expect(querySqlite(stack.sqlitePath, `SELECT name FROM sqlite_schema WHERE name LIKE '%bascule%'`)).toEqual([])
  await writeCv('After it was given up')
})

test('switched and switched back while people write: nobody is refused, and nothing is lost', async () => {
  const titles = (name: string) => [1, 2, 3].map((number) => `${name} ${number}`)
  const migration = migrationPage(page, stack.url)
  await migration.prepare()
  await migration.testTarget()
  await migration.start('live')
  await expect(migration.ready).toBeVisible({ timeout: 120_000 })

  await confirmTyped(page, text('migration.ready.switch'), 'PostgreSQL')
  await Promise.all(titles('During the switch').map(writeCv))
  await expect(migration.onPostgres).toBeVisible({ timeout: 60_000 })
  await Promise.all(titles('On PostgreSQL').map(writeCv))
  for (const title of [...titles('During the switch'), ...titles('On PostgreSQL')]) expect(await arrived(title), title).toBe(1)

  await confirmTyped(page, text('migration.postgres.back'), 'SQLite')
  await Promise.all(titles('On the way back').map(writeCv))
  await expect(migration.startButton).toBeVisible({ timeout: 60_000 })
  const kept = querySqlite(stack.sqlitePath, 'SELECT title FROM CvFile').map(({ title }) => String(title))
  for (const title of ['During the switch', 'On PostgreSQL', 'On the way back'].flatMap(titles)) {
    expect(
      kept.filter((one) => one === title),
      title,
    ).toHaveLength(1)
  }
})
