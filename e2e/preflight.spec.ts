import { chmod, readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type BrowserContext, expect, type Page, test } from '@playwright/test'
import Database from 'better-sqlite3'
import { contextOf } from './support/people'
import { listTargetObjects, type Stack, startStack } from './support/stack'
import { text } from './support/texts'

let stack: Stack
let admin: BrowserContext
let page: Page

test.beforeAll(async ({ browser }) => {
  stack = await startStack()
  admin = await contextOf(browser, stack.url, 'admin')
  page = await admin.newPage()
})

test.afterAll(async () => {
  await admin?.close()
  await stack?.stop()
})

/** The database and what SQLite keeps beside it. */
async function setMode(mode: number): Promise<void> {
  const folder = dirname(stack.sqlitePath)
  for (const name of await readdir(folder)) if (name.startsWith(basename(stack.sqlitePath))) await chmod(join(folder, name), mode)
}

async function runAndWait(button: 'run' | 'again'): Promise<void> {
  const before = await newestId()
  await page.getByRole('button', { name: text(`preflight.${button}`), exact: true }).click()
  await expect.poll(newestId, { timeout: 60_000 }).not.toBe(before)
  await expect(page.getByRole('heading', { name: text('preflight.running') })).toHaveCount(0)
}

async function newestId(): Promise<string | null> {
  const { report } = await (await admin.request.get('/api/preflight')).json()
  return report?.id ?? null
}

test('asks whether all is ready, shows what is not, and believes it once it was corrected', async () => {
  await setMode(0o666)
  await page.goto(`${stack.url}/admin/preflight`)
  await expect(page.getByText(text('preflight.never'))).toBeVisible()
  await runAndWait('run')

  await expect(page.getByRole('heading', { name: text('preflight.verdict.not-ready'), exact: true })).toBeVisible()
  const line = page.locator('[data-check="files-database-mode"]')
  await expect(line).toHaveAttribute('data-status', 'failed')
  await line.locator('summary').click()
  await expect(line.getByText(text('preflight.checks.files-database-mode.why'))).toBeVisible()
  await expect(line.getByText(`chmod 600 ${stack.sqlitePath}*`)).toBeVisible()
  await expect(page.locator('[data-check="files-cv-open"]')).toHaveAttribute('data-status', 'passed')
  await expect(page.locator('[data-check="values-held"]')).toHaveAttribute('data-status', 'passed')

  await page.getByRole('button', { name: new RegExp(`^${text('preflight.filterOpen')}`) }).click()
  await expect(page.locator('[data-check][data-status="passed"]')).toHaveCount(0)
  await expect(line).toBeVisible()

  await setMode(0o600)
  await runAndWait('again')
  await expect(page.locator('[data-verdict]')).not.toHaveAttribute('data-verdict', 'not-ready')
  await expect(page.locator('[data-check="files-database-mode"]')).toHaveAttribute('data-status', 'passed')
})

test('shows the plan and the SQL, and has written nothing on the target', async () => {
  await page.goto(`${stack.url}/admin/preflight`)
  await expect(page.getByRole('cell', { name: 'CvFile', exact: true })).toBeVisible()
  await page.getByRole('button', { name: text('preflight.sqlShow'), exact: true }).click()
  await expect(page.getByText('CREATE TABLE "CvFile"')).toBeVisible()
  const downloading = page.waitForEvent('download')
  await page.getByRole('button', { name: text('preflight.download'), exact: true }).click()
  expect((await downloading).suggestedFilename()).toBe('target-schema.sql')
  expect(await listTargetObjects(stack.directUrl)).toEqual([])
})

test('the Migration page shows the verdict and leads to the checks', async () => {
  await page.goto(`${stack.url}/admin/migration`)
  await page.getByRole('link', { name: text('preflight.linkOpen'), exact: true }).click()
  await expect(page).toHaveURL(/\/admin\/preflight$/)
})

test('compares the keys with another environment by their fingerprints', async () => {
  await page.goto(`${stack.url}/admin/preflight`)
  const own = await page
    .getByRole('cell', { name: /^[0-9a-f]{4}(-[0-9a-f]{4}){3}$/ })
    .first()
    .textContent()
  const field = page.getByLabel(text('preflight.keys.paste'))
  const compare = page.getByRole('button', { name: text('preflight.keys.compareDo'), exact: true })
  await field.fill('nothing of the kind')
  await compare.click()
  await expect(page.getByText(text('preflight.keys.compareBad'))).toBeVisible()
  await field.fill(`CV_ENCRYPTION_KEY  ${own}\nNEXTAUTH_SECRET    0000-0000-0000-0000`)
  await compare.click()
  await expect(page.getByText(text('preflight.keys.isSame'), { exact: true })).toBeVisible()
  await expect(page.getByText(text('preflight.keys.isDifferent'), { exact: true })).toBeVisible()
})

test('a key that is not the one it was raises an alarm, until it is acknowledged by its name', async () => {
  const control = new Database(join(dirname(stack.sqlitePath), 'data/control.db'))
  try {
    // As if the key had been another one at the first start.
    const record = { accepted: 'aaaa-bbbb-cccc-dddd', acceptedAt: new Date(0).toISOString(), changed: null }
    const { keys } = await (await admin.request.get('/api/keys')).json()
    const present = keys.find((key: { name: string }) => key.name === 'CV_ENCRYPTION_KEY').fingerprint
    const changed = { fingerprint: present, at: new Date().toISOString() }
    control.prepare(`UPDATE "Setting" SET value = ? WHERE key = 'key.CV_ENCRYPTION_KEY'`).run(JSON.stringify({ ...record, changed }))
  } finally {
    control.close()
  }
  await page.goto(`${stack.url}/admin`)
  const alarm = page.getByRole('alert').filter({ hasText: text('preflight.alarm.title', { key: 'CV_ENCRYPTION_KEY' }) })
  await expect(alarm).toContainText('aaaa-bbbb-cccc-dddd')
  await alarm.getByRole('button', { name: text('preflight.alarm.acknowledge') }).click()
  const confirm = page.getByRole('button', { name: text('preflight.alarm.confirm'), exact: true })
  await expect(confirm).toBeDisabled()
  await page.getByLabel(text('jobs.typed.label', { word: 'CV_ENCRYPTION_KEY' })).fill('CV_ENCRYPTION_KEY')
  await confirm.click()
  await expect(alarm).toHaveCount(0)
  await page.reload()
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await expect(alarm).toHaveCount(0)
})
