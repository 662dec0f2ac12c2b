import { mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type BrowserContext, expect, type Page, test } from '@playwright/test'
import { contextOf } from './support/people'
import { queryPostgres, type Stack, startStack } from './support/stack'
import { text } from './support/texts'

// One story on PostgreSQL: each step goes on where the one before it ended.
test.describe.configure({ mode: 'serial' })

const destination = 'Share'
const lost = 7

let stack: Stack
let admin: BrowserContext
let page: Page
/** Made before the migration, while the app was on SQLite. */
let sqliteBackup: string
let postgresBackup: string
let rowsAtFirst: number

test.beforeAll(async ({ browser }) => {
  test.setTimeout(240_000)
  stack = await startStack()
  admin = await contextOf(browser, stack.url, 'admin')
  page = await admin.newPage()
  sqliteBackup = await backUp()
  await queue('/api/jobs', { kind: 'migrate', target: { from: 'environment' } })
  await queue('/api/jobs', { kind: 'cutover', confirmation: 'PostgreSQL' })
  rowsAtFirst = await countRows()
})

test.afterAll(async () => {
  await admin?.close()
  await stack?.stop()
})

const button = (key: string) => page.getByRole('button', { name: text(key), exact: true })
const dialog = () => page.getByRole('dialog').or(page.getByRole('alertdialog'))
const inDialog = (key: string) => dialog().getByRole('button', { name: text(key), exact: true })
const list = () => page.getByRole('table', { name: text('backups.list') })

async function countRows(): Promise<number> {
  const [row] = await queryPostgres(stack.directUrl, 'SELECT count(*)::int AS rows FROM "TelemetryEvent"')
  return Number(row?.rows)
}

/** Queues a job and waits for its end. */
async function queue(path: string, data: object): Promise<void> {
  const answer = await admin.request.post(path, { headers: { Origin: stack.url }, data })
  expect(answer.status(), await answer.text()).toBe(202)
  const { job } = await answer.json()
  const status = async () => (await (await admin.request.get(`/api/jobs/${job.id}`)).json()).job.status
  await expect.poll(status, { timeout: 90_000 }).toBe('succeeded')
}

async function backUp(): Promise<string> {
  await queue('/api/backups', { includeEnvironment: false, format: 'auto' })
  return newestId()
}

async function newestId(): Promise<string> {
  return (await (await admin.request.get('/api/backups')).json()).backups[0].id
}

/** In the open dialog: what changes is shown, the word is typed, and the page says how it ended. */
async function confirmRestore(): Promise<void> {
  const submit = inDialog('backups.restore.submit')
  await expect(dialog().getByRole('table')).toContainText('TelemetryEvent')
  await expect(submit).toBeDisabled()
  await dialog()
    .getByLabel(text('jobs.typed.label', { word: 'RESTORE' }))
    .fill('RESTORE')
  await submit.click()
  await expect(dialog()).toHaveCount(0)
  await expect(page.getByText(text('backups.ended.restored'))).toBeVisible({ timeout: 90_000 })
}

test('a destination is tried before it is saved, and a backup of PostgreSQL is tried and goes there', async () => {
  const path = join(dirname(stack.sqlitePath), 'share')
  await mkdir(path)
  await page.goto(`${stack.url}/admin/backups/destinations`)
  await button('backups.destinations.add').click()
  await dialog()
    .getByRole('radio', { name: text('backups.destinations.form.kinds.folder.label') })
    .click()
  await dialog().getByLabel(text('backups.destinations.form.name'), { exact: true }).fill(destination)
  const pathField = dialog().getByLabel(text('backups.destinations.form.path'), { exact: true })
  await pathField.fill(`${path}-which-is-not-there`)
  await inDialog('backups.destinations.test').click()
  await expect(dialog().getByText(text('backups.destinations.testResult.reason.folder-missing'))).toBeVisible()
  await pathField.fill(path)
  await inDialog('backups.destinations.test').click()
  await expect(dialog().getByText(text('backups.destinations.testResult.passed'))).toBeVisible()
  await inDialog('backups.destinations.form.save').click()
  await expect(page.getByRole('heading', { name: destination })).toBeVisible()

  await page.goto(`${stack.url}/admin/backups`)
  await button('backups.backUpNow').click()
  await dialog()
    .getByRole('radio', { name: text('backups.start.formats.portable.label') })
    .click()
  await inDialog('backups.start.submit').click()
  const newest = list().getByRole('row').nth(1)
  await expect(newest).toContainText(text('backups.engine.postgresql'), { timeout: 90_000 })
  await expect(newest).toContainText(text('backups.trust.passed'), { timeout: 90_000 })
  await expect(newest).toContainText(text('backups.copyBadge.uploaded'), { timeout: 30_000 })
  postgresBackup = await newestId()
})

test('it is restored into PostgreSQL from the chosen copy, and the restore is undone', async () => {
  test.setTimeout(240_000)
  await queryPostgres(stack.directUrl, `DELETE FROM "TelemetryEvent" WHERE id IN (SELECT id FROM "TelemetryEvent" LIMIT ${lost})`)
  await page.goto(`${stack.url}/admin/backups/${postgresBackup}`)
  await button('backups.restore.open').click()
  await dialog().getByRole('radio', { name: destination }).click()
  await confirmRestore()
  expect(await countRows()).toBe(rowsAtFirst)
  await page.getByRole('link', { name: text('backups.ended.undo') }).click()
  await confirmRestore()
  expect(await countRows()).toBe(rowsAtFirst - lost)
})

test('an archive of SQLite is restored into PostgreSQL', async () => {
  test.setTimeout(240_000)
  await page.goto(`${stack.url}/admin/backups/${sqliteBackup}`)
  await button('backups.restore.open').click()
  const across = text('backups.restore.acrossEngines', { archive: 'SQLite', present: 'PostgreSQL' })
  await expect(dialog().getByText(across)).toBeVisible()
  await confirmRestore()
  expect(await countRows()).toBe(rowsAtFirst)
})

test('an archive is downloaded in parts, deleted everywhere, uploaded as one from elsewhere, trusted and tried', async ({ browser }) => {
  test.setTimeout(240_000)
  await page.goto(`${stack.url}/admin/backups/${postgresBackup}`)
  const downloading = page.waitForEvent('download')
  await button('backups.download').click()
  const download = await downloading
  const file = await download.path()
  const bytes = await readFile(file)
  const part = await admin.request.get(download.url(), { headers: { Range: 'bytes=10-19' } })
  expect([part.status(), part.headers()['content-range'], part.headers()['content-length']]).toEqual([
    206,
    `bytes 10-19/${bytes.length}`,
    '10',
  ])
  expect(await part.body()).toEqual(bytes.subarray(10, 20))
  const user = await contextOf(browser, stack.url, 'user')
  expect((await user.request.get(download.url())).ok()).toBe(false)
  await user.close()

  await button('backups.delete').click()
  await inDialog('backups.deleteSubmit').click()
  await expect(list()).toBeVisible()
  await expect(list().locator(`a[href$="${postgresBackup}"]`)).toHaveCount(0)

  await page.goto(`${stack.url}/admin/backups/move`)
  await page
    .getByLabel(text('backups.uploads.choose'))
    .setInputFiles({ name: download.suggestedFilename(), mimeType: 'application/gzip', buffer: bytes })
  await button('backups.uploads.start').click()
  await button('backups.uploads.check').click()
  await expect(page.getByText(text('backups.ended.imported.foreign'))).toBeVisible({ timeout: 60_000 })
  await page.getByRole('link', { name: text('backups.ended.openArchive') }).click()
  await expect(page.getByText(text('backups.foreign.title'))).toBeVisible()
  // What its manifest says is there to be looked at before it is trusted, and nothing can be restored.
  await expect(page.getByRole('table', { name: text('backups.tables') })).toContainText('TelemetryEvent')
  await expect(button('backups.restore.open')).toHaveCount(0)
  await button('backups.foreign.trust').click()
  await expect(inDialog('backups.foreign.submit')).toBeDisabled()
  await dialog()
    .getByLabel(text('jobs.typed.label', { word: 'TRUST' }))
    .fill('TRUST')
  await page.keyboard.press('Enter')
  await expect(button('backups.restore.open')).toBeVisible()
  await button('backups.tryNow').click()
  await expect(page.getByText(text('backups.trust.passed')).first()).toBeVisible({ timeout: 60_000 })
})

test('rules show what they would delete before they are set', async () => {
  await backUp()
  await page.goto(`${stack.url}/admin/backups`)
  await button('backups.retention.change').click()
  for (const field of ['keepLast', 'keepDays', 'daily', 'weekly', 'monthly'])
    await page.getByLabel(text(`backups.retention.field.${field}`), { exact: true }).fill(field === 'keepLast' ? '1' : '0')
  await button('backups.retention.preview').click()
  // The one of SQLite: the newest stays, and so do safety backups and what came from elsewhere.
  const answer = page.getByRole('region', { name: text('backups.retention.title') }).getByRole('status')
  const [going, staying] = [answer.getByRole('list').first(), answer.getByRole('list').last()]
  await expect(going.getByRole('listitem')).toHaveCount(1)
  // Each of these three with its reason.
  await expect(staying.getByRole('listitem')).toHaveCount(3)
  await button('backups.retention.save').click()
  await expect(button('backups.retention.change')).toBeVisible()
  expect((await (await admin.request.get('/api/backups/retention')).json()).rules).toMatchObject({ keepLast: 1, daily: 0 })
})
