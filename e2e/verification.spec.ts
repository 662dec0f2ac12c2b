import { type BrowserContext, expect, type Page, test } from '@playwright/test'
import { demoAccounts } from '../lib/cvsite/demo-data/people'
import { contextOf } from './support/people'
import { queryPostgres, type Stack, startStack } from './support/stack'

test.describe.configure({ mode: 'serial' })

let stack: Stack
let admin: BrowserContext
let page: Page

test.beforeAll(async ({ browser }) => {
  stack = await startStack()
  admin = await contextOf(browser, stack.url, 'admin')
  await runJob({ kind: 'migrate', target: { from: 'environment' } })
  page = await admin.newPage()
})

test.afterAll(async () => {
  await admin?.close()
  await stack?.stop()
})

async function runJob(data: object): Promise<string> {
  const started = await admin.request.post('/api/jobs', { headers: { Origin: stack.url }, data })
  expect(started.status()).toBe(202)
  const { id } = (await started.json()).job as { id: string }
  await expect
    .poll(async () => (await (await admin.request.get(`/api/jobs/${id}`)).json()).job.status, { timeout: 90_000 })
    .toBe('succeeded')
  return id
}

/** The line of a table in a comparison. */
const rowOf = (table: string) => page.getByRole('row').filter({ has: page.getByText(table, { exact: true }) })

const planted = `UPDATE "User" SET name = name || ' ' WHERE email = '${demoAccounts.user.email}'`

test('a planted difference is found, drilled into, unmasked, and copied again', async () => {
  test.setTimeout(180_000)
  await queryPostgres(stack.directUrl, planted)
  await page.goto(`${stack.url}/admin/verification`)
  const verified = page.waitForResponse((response) => response.url().endsWith('/api/jobs') && response.request().method() === 'POST')
  await page.getByRole('button', { name: /^Verify/ }).click()
  const { id } = (await (await verified).json()).job as { id: string }
  await expect
    .poll(async () => (await (await admin.request.get(`/api/jobs/${id}`)).json()).job.status, { timeout: 90_000 })
    .toBe('succeeded')

  await page.goto(`${stack.url}/admin/verification/${id}`)
  await expect(page.getByRole('heading', { name: '1 table differs' })).toBeVisible()
  const row = rowOf('User')
  await row.getByRole('button', { name: 'Show differing rows' }).click()
  const list = page.getByRole('list', { name: 'Differences in User' })
  await expect(list.getByRole('listitem')).toHaveCount(1)
  await expect(list).toContainText('name')
  await expect(list).toContainText('Value differs')
  await expect(list).not.toContainText('␠')

  // Masked until asked for; then both sides, with the space that no eye sees.
  await list.getByRole('button', { name: 'Show the values' }).click()
  await expect(list.getByText('first difference at byte', { exact: false })).toBeVisible()
  await expect(list.locator('mark')).toHaveText('␠')
  await list.getByRole('button', { name: 'Hide the values' }).click()
  await expect(list.locator('mark')).toHaveCount(0)

  await list.getByRole('button', { name: 'Copy again' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Copy again' }).click()
  await expect(page.getByText('The rows were copied again, and their tables are identical.')).toBeVisible({ timeout: 90_000 })
  await page.getByRole('link', { name: 'Open the new report' }).click()
  await expect(page.getByRole('heading', { name: 'Everything is identical' })).toBeVisible()
  const [user] = await queryPostgres(stack.directUrl, `SELECT name FROM "User" WHERE email = '${demoAccounts.user.email}'`)
  expect(String(user?.name)).not.toMatch(/ $/)
})

test('a report is downloaded in three forms, is unchanged, and compared with an earlier one', async () => {
  const { reports } = await (await admin.request.get('/api/verification/reports')).json()
  await page.goto(`${stack.url}/admin/verification/${reports[0].id}`)
  const [checksum] = (await (await admin.request.get(`/api/verification/reports/${reports[0].id}`)).json()).report.checksum.match(
    /^[0-9a-f]{64}$/,
  )
  for (const [name, ending] of [
    ['HTML to print', 'html'],
    ['CSV', 'csv'],
    ['JSON', 'json'],
  ] as const) {
    const downloading = page.waitForEvent('download')
    await page.getByRole('link', { name, exact: true }).click()
    const download = await downloading
    expect(download.suggestedFilename()).toMatch(new RegExp(`^verification-.*\\.${ending}$`))
    const text = await streamText(await download.createReadStream())
    expect(text).toContain(checksum)
    expect(text).toContain('CreditTransaction')
    expect(text).not.toContain(`:${new URL(stack.directUrl).password}@`)
    if (ending === 'html') expect(text).not.toMatch(/<script|src=|href=/)
  }
  await page.getByRole('button', { name: 'Check that it is unchanged' }).click()
  await expect(page.getByText('Unchanged: the checksum is the one that the audit log has of it.')).toBeVisible()
  await page.getByRole('combobox', { name: 'Compare with…' }).selectOption(reports[1].id)
  await expect(page.getByRole('heading', { name: '1 table changed' })).toBeVisible()
  await expect(page.getByText('All that differed is in order')).toBeVisible()
  await expect(page.getByRole('row', { name: /^User/ })).toContainText('Identicalbefore: Different')
})

test('a look inside shows the same row of both sides, and masks what would let somebody in', async () => {
  await page.goto(`${stack.url}/admin/verification/look-inside`)
  await page.getByRole('list', { name: 'Tables' }).getByRole('button', { name: 'User', exact: true }).click()
  const table = page.getByRole('table', { name: 'Rows of User' })
  await expect(table.getByRole('row', { name: /^Whole values of this row SQLite|^SQLite/ }).first()).toBeVisible()
  await expect(table.getByRole('img', { name: 'masked' }).first()).toBeVisible()
  await expect(table).not.toContainText('$argon2id$')
  // Rows stand until those asked for are there, and take an opened one along when they come.
  const read = () => page.waitForResponse((answer) => answer.url().includes('/api/verification/rows?'))
  await Promise.all([read(), page.getByRole('button', { name: 'PostgreSQL’s rows' }).click()])
  await Promise.all([read(), page.getByRole('button', { name: 'Next page' }).click()])
  await expect(page.getByRole('button', { name: 'Previous page' })).toBeEnabled()
  await expect(async () => {
    const whole = table.getByRole('button', { name: 'Whole values of this row' }).first()
    if ((await whole.getAttribute('aria-expanded')) === 'false') await whole.click()
    await table.getByRole('button', { name: 'Show the values' }).click({ timeout: 2_000 })
  }).toPass()
  await expect(table.getByText('email', { exact: true }).last()).toBeVisible()
})

test('after the switch the functions are tried for real, ticked off by hand, and new writes are no fault', async () => {
  test.setTimeout(180_000)
  await runJob({ kind: 'cutover', confirmation: 'PostgreSQL' })
  const counts = () =>
    queryPostgres(stack.directUrl, 'SELECT (SELECT count(*) FROM "User")::int AS users, (SELECT count(*) FROM "CvFile")::int AS cvs')
  const before = await counts()
  await page.goto(`${stack.url}/admin/verification`)
  await page.getByRole('button', { name: 'Try them' }).click()
  await expect(page.getByText('All work.')).toBeVisible({ timeout: 60_000 })
  expect(await counts()).toEqual(before)
  const item = page.getByRole('group', { name: 'Import a PDF' })
  await item.getByRole('button', { name: 'Works' }).click()
  await expect(page.getByRole('listitem').filter({ hasText: 'Import a PDF' })).toContainText(demoAccounts.admin.email)

  await queryPostgres(stack.directUrl, `UPDATE "User" SET name = 'Renamed on PostgreSQL' WHERE email = '${demoAccounts.user.email}'`)
  const id = await runJob({ kind: 'verify' })
  await page.goto(`${stack.url}/admin/verification/${id}`)
  await expect(page.getByRole('heading', { name: 'Nothing was lost' })).toBeVisible()
  await rowOf('User').getByRole('button', { name: 'Show differing rows' }).click()
  await expect(page.getByRole('list', { name: 'Differences in User' })).toContainText('Changed since the switch')
  await expect(page.getByRole('button', { name: /Copy/ })).toHaveCount(0)
})

async function streamText(stream: NodeJS.ReadableStream): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of stream) parts.push(Buffer.from(part))
  return Buffer.concat(parts).toString('utf8')
}
