import { type BrowserContext, expect, type Page, test } from '@playwright/test'
import { demoAccounts } from '../lib/cvsite/demo-data/people'
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

/** What the Verification page says in place of counts that cannot be had. */
async function expectNotComparable(why: 'following' | 'kept'): Promise<void> {
  const verification = await admin.newPage()
  await verification.goto('/admin/verification')
  await expect(verification.getByText(text(`verification.notComparable.${why}.title`))).toBeVisible()
  await expect(verification.getByRole('button', { name: text('verification.countNow') })).toHaveCount(0)
  await verification.close()
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
  await expectNotComparable('following')
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
  // Planned: nobody says "now", and people write until it is done.
  await page.getByRole('radio', { name: text('migration.switchPlan.when.when-ready.title') }).click()
  await migration.start('live')
  const during: string[] = []
  const deadline = Date.now() + 180_000
  while (!(await migration.onPostgres.isVisible())) {
    expect(Date.now(), 'the planned switch was not made').toBeLessThan(deadline)
    // Each costs a credit, and the copy may take its time.
    if (during.length < 20) await writeCv(during[during.push(`During the switch ${during.length}`) - 1] ?? '')
    await page.waitForTimeout(300)
  }
  await Promise.all(titles('On PostgreSQL').map(writeCv))
  for (const title of [...during, ...titles('On PostgreSQL')]) expect(await arrived(title), title).toBe(1)

  await confirmTyped(page, text('migration.postgres.back'), 'SQLite')
  await Promise.all(titles('On the way back').map(writeCv))
  await expect(migration.startButton).toBeVisible({ timeout: 60_000 })
  const kept = querySqlite(stack.sqlitePath, 'SELECT title FROM CvFile').map(({ title }) => String(title))
  for (const title of [...during, ...['On PostgreSQL', 'On the way back'].flatMap(titles)]) {
    expect(
      kept.filter((one) => one === title),
      title,
    ).toHaveLength(1)
  }
})

test('forward again: only what was written since is brought there, and the app goes there once more', async () => {
  const migration = migrationPage(page, stack.url)
  await writeCv('Since it came back')
  await page.reload()
  await page.getByRole('button', { name: text('migration.former.forward') }).click()
  await expect(migration.ready).toBeVisible({ timeout: 120_000 })
  expect(await arrived('Since it came back')).toBe(1)
  await confirmTyped(page, text('migration.ready.switch'), 'PostgreSQL')
  await expect(migration.onPostgres).toBeVisible({ timeout: 60_000 })
  await writeCv('Will stay behind')
  // What the worker counts is what is known when PostgreSQL is gone.
  await expect(page.getByRole('table', { name: text('migration.postgres.waiting') })).toBeVisible({ timeout: 30_000 })
})

test('PostgreSQL is gone: an administrator takes the app to SQLite, and it is closed when it is back', async ({ browser }) => {
  stack.line.shut()
  const nobody = await browser.newContext({ baseURL: stack.url })
  const lost = await nobody.newPage()
  await lost.goto('/emergency')
  await expect(lost.getByText(text('emergency.gone.title'))).toBeVisible({ timeout: 30_000 })
  const { email, password } = demoAccounts.admin
  await lost.getByLabel(text('emergency.signIn.email')).fill(email)
  await lost.getByLabel(text('emergency.signIn.password')).fill('not the password')
  await lost.getByRole('button', { name: text('emergency.signIn.submit') }).click()
  await expect(lost.getByRole('alert').filter({ hasText: /\w/ }).first()).toBeVisible()
  await lost.getByLabel(text('emergency.signIn.password')).fill(password)
  await lost.getByRole('button', { name: text('emergency.signIn.submit') }).click()
  const leave = lost.getByRole('button', { name: text('emergency.switch.submit') })
  await expect(leave).toBeDisabled({ timeout: 30_000 })
  await lost.getByLabel(text('jobs.typed.label', { word: 'SQLite' })).fill('SQLite')
  await leave.click()
  await expect(lost.getByText(text('emergency.done.title'))).toBeVisible({ timeout: 60_000 })
  await nobody.close()

  await writeCv('After the emergency')
  expect(querySqlite(stack.sqlitePath, 'SELECT title FROM CvFile WHERE title = ?', 'After the emergency')).toHaveLength(1)
  stack.line.open()
  const migration = migrationPage(page, stack.url)
  await migration.open()
  await expect(page.getByText(text('migration.leftBehind.closed.body'))).toBeVisible({ timeout: 60_000 })
  await expect(queryPostgres(stack.directUrl, `DELETE FROM "CvFile"`)).rejects.toThrow('BASCULE_FENCED')
  const list = await (await admin.request.get('/api/migration/left-behind?format=jsonl&rows=true')).text()
  const leftCvs = list.split('\n').filter((line) => line.includes('"CvFile"') && line.includes('Will stay behind'))
  expect(leftCvs).toHaveLength(1)
  await page.getByRole('button', { name: text('migration.leftBehind.putAway') }).click()
  await page
    .getByRole('alertdialog')
    .getByRole('button', { name: text('migration.former.putAway.submit') })
    .click()
  await expect(page.getByText(text('migration.leftBehind.closed.body'))).toHaveCount(0, { timeout: 60_000 })
})

test('PostgreSQL is kept for good: nothing notes any more, and the file is archived', async () => {
  const migration = migrationPage(page, stack.url)
  await migration.prepare()
  await page.getByRole('button', { name: text('migration.target.test'), exact: true }).click()
  await page.getByRole('checkbox', { name: text('migration.target.setAside') }).click()
  await migration.start('live')
  await expect(migration.ready).toBeVisible({ timeout: 120_000 })
  await confirmTyped(page, text('migration.ready.switch'), 'PostgreSQL')
  await expect(migration.onPostgres).toBeVisible({ timeout: 60_000 })

  await page.getByRole('button', { name: text('migration.finish.open') }).click()
  const dialog = page.getByRole('alertdialog')
  await expect(dialog.getByText(text('migration.finish.effects.wayBack'))).toBeVisible()
  await dialog.getByLabel(text('jobs.typed.label', { word: 'PostgreSQL' })).fill('PostgreSQL')
  await dialog.getByRole('button', { name: text('migration.finish.submit') }).click()
  await expect(page.getByText(text('migration.postgres.finishedWayBack'))).toBeVisible({ timeout: 60_000 })
  expect(
    await queryPostgres(
      stack.directUrl,
      `SELECT tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE tgname LIKE '\\_bascule%' AND c.relnamespace = 'public'::regnamespace`,
    ),
  ).toEqual([])
  await expectNotComparable('kept')
  await writeCv('After the end')
  expect(await arrived('After the end')).toBe(1)
  await expect(page.getByRole('button', { name: text('migration.postgres.back') })).toHaveCount(0)
})
