import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { type BrowserContext, expect, type Page, test } from '@playwright/test'
import Database from 'better-sqlite3'
import { axeFindings } from './support/axe'
import { migrationPage } from './support/migration-page'
import { contextOf } from './support/people'
import { queryPostgres, querySqlite, type Stack, startStack } from './support/stack'
import { text } from './support/texts'

// One story: each step goes on where the one before it ended.
test.describe.configure({ mode: 'serial' })

let stack: Stack
let admin: BrowserContext
let page: Page

test.beforeAll(async ({ browser }) => {
  stack = await startStack()
  damage(stack.sqlitePath)
  admin = await contextOf(browser, stack.url, 'admin')
  page = await admin.newPage()
})

test.afterAll(async () => {
  await admin?.close()
  await stack?.stop()
})

/** What really happens to databases: rows whose user is gone, a NUL that a client sent, a flag in words. */
function damage(path: string): void {
  const database = new Database(path)
  try {
    database.pragma('foreign_keys = OFF')
    database.exec(`
      UPDATE TelemetryEvent SET userId = 'gone' WHERE rowid IN (SELECT rowid FROM TelemetryEvent WHERE userId IS NOT NULL LIMIT 3);
      UPDATE Subscription SET userId = 'gone' WHERE rowid = (SELECT min(rowid) FROM Subscription);
      UPDATE User SET name = 'Ann' || char(0) || 'a' WHERE rowid = (SELECT max(rowid) FROM User);`)
  } finally {
    database.close()
  }
}

/** Also on a phone, where nothing may have to be moved sideways. */
async function expectAccessible(): Promise<void> {
  expect(await axeFindings(page)).toEqual([])
  const size = page.viewportSize()
  await page.setViewportSize({ width: 390, height: 844 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0)
  if (size) await page.setViewportSize(size)
}

const choice = (place: string, key: string) =>
  page.getByRole('radiogroup', { name: place, exact: true }).getByRole('radio', { name: text(`migration.repairs.effects.${key}`) })
const startRepaired = () => page.getByRole('button', { name: text('migration.repairs.start'), exact: true })

test('a migration that the checks refuse asks about each finding, and does nothing by itself', async () => {
  const migration = migrationPage(page, stack.url)
  await migration.open()
  await migration.prepare()
  await migration.testTarget()
  await migration.startButton.click()
  await expect(page.getByRole('heading', { name: text('migration.repairs.title') })).toBeVisible({ timeout: 60_000 })
  await expect(startRepaired()).toBeDisabled()
  for (const place of ['TelemetryEvent.userId', 'Subscription.userId', 'User.name']) {
    await expect(page.getByRole('radiogroup', { name: place, exact: true }).getByRole('radio').first()).toBeChecked()
  }
  await expectAccessible()
  // A required reference cannot be set to NULL, so it is not offered.
  await expect(choice('Subscription.userId', 'orphans-null')).toHaveCount(0)
})

test('choices are made by keyboard, and shown once more before the migration starts', async () => {
  await choice('TelemetryEvent.userId', 'orphans-null').click()
  await choice('Subscription.userId', 'orphans-delete').click()
  await page.getByRole('radiogroup', { name: 'User.name', exact: true }).getByRole('radio').first().focus()
  await page.keyboard.press('ArrowDown')
  await expect(choice('User.name', 'nul-strip')).toBeChecked()
  await startRepaired().click()
  const dialog = page.getByRole('alertdialog')
  await expect(dialog).toContainText('Subscription.userId')
  await expect(dialog).toContainText(text('migration.repairs.effects.orphans-delete'))
  await dialog.getByRole('button', { name: text('migration.repairs.start') }).click()
  await expect(migrationPage(page, stack.url).ready).toBeVisible({ timeout: 60_000 })
})

test('what was repaired is shown with its list, and the source is as it was', async () => {
  await expect(page.getByText(text('migration.repairs.done.description'))).toBeVisible()
  const waiting = page.waitForEvent('download')
  await page.getByRole('link', { name: text('migration.repairs.done.download') }).click()
  const list = await readFile(await (await waiting).path())
  expect(list.toString().trimEnd().split('\r\n')).toHaveLength(1 + 5)
  await expect(page.getByText(createHash('sha256').update(list).digest('hex'))).toBeVisible()
  expect(querySqlite(stack.sqlitePath, `SELECT count(*) AS n FROM TelemetryEvent WHERE userId = 'gone'`)).toEqual([{ n: 3 }])
  expect(await queryPostgres(stack.directUrl, `SELECT count(*)::int AS n FROM "User" WHERE name = 'Anna'`)).toEqual([{ n: 1 }])
  expect(await queryPostgres(stack.directUrl, `SELECT count(*)::int AS n FROM "TelemetryEvent" WHERE "userId" = 'gone'`)).toEqual([
    { n: 0 },
  ])
  await expect(page.getByText(text('migration.ready.differ'))).toHaveCount(0)
  await expectAccessible()
})
