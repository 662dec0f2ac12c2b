import { type BrowserContext, expect, type Page, test } from '@playwright/test'
import { contextOf } from './support/people'
import { listTargetObjects, queryPostgres, type Stack, startStack } from './support/stack'
import { text } from './support/texts'

let stack: Stack
let admin: BrowserContext
let page: Page

test.beforeAll(async ({ browser }) => {
  stack = await startStack()
  admin = await contextOf(browser, stack.url, 'admin')
})

test.beforeEach(async () => {
  page = await admin.newPage()
  await page.goto(`${stack.url}/admin/migration`)
})

test.afterEach(() => page.close())

test.afterAll(async () => {
  await admin?.close()
  await stack?.stop()
})

async function testAddress(address: string): Promise<void> {
  const field = page.getByLabel(text('migration.target.url'), { exact: true })
  // A page that has just been loaded may not listen yet.
  await expect(async () => {
    await page.getByText(text('migration.target.form'), { exact: true }).click()
    await expect(field).toBeVisible({ timeout: 1_000 })
  }).toPass({ timeout: 30_000 })
  await field.fill(address)
  await page.getByRole('button', { name: text('migration.target.test'), exact: true }).click()
}

async function expectRefused(code: string): Promise<void> {
  await expect(page.getByText(text(`errors.${code}.title`)).first()).toBeVisible({ timeout: 30_000 })
  await expect(page.getByRole('button', { name: text('migration.start'), exact: true })).toBeDisabled()
}

const changed = (change: (url: URL) => void) => {
  const url = new URL(stack.directUrl)
  change(url)
  return url.href
}

test('a wrong password', async () => {
  await testAddress(
    changed((url) => {
      url.password = 'not-the-password'
    }),
  )
  await expectRefused('TARGET_PASSWORD_REFUSED')
  await expect(page.getByText('not-the-password')).toHaveCount(0)
})

test('an unreachable host', async () => {
  await testAddress(
    changed((url) => {
      url.port = '1'
    }),
  )
  await expectRefused('TARGET_UNREACHABLE')
})

test('a database that does not exist', async () => {
  await testAddress(
    changed((url) => {
      url.pathname = '/no_such_database'
    }),
  )
  await expectRefused('TARGET_DATABASE_MISSING')
})

test('a target that is not empty', async () => {
  await queryPostgres(stack.directUrl, 'CREATE TABLE somebody_elses (id integer)')
  try {
    await testAddress(stack.directUrl)
    await expectRefused('TARGET_NOT_EMPTY')
    expect(await listTargetObjects(stack.directUrl)).toEqual(['public.somebody_elses'])
  } finally {
    await queryPostgres(stack.directUrl, 'DROP TABLE somebody_elses')
  }
})

test('an address that is none, and one that would read a file', async () => {
  await testAddress('mysql://somewhere/else')
  await expect(page.getByText(text('migration.target.urlScheme'))).toBeVisible()
  await testAddress(`${stack.directUrl}?sslcert=/etc/hostname`)
  await expectRefused('TARGET_URL_REFUSED')
})

test('an empty one is ready, and shows what was checked', async () => {
  await testAddress(stack.directUrl)
  await expect(page.getByText(text('migration.target.ready'))).toBeVisible()
  for (const check of ['reachable', 'version', 'privileges', 'empty', 'encoding']) {
    const passed = new RegExp(`^${text(`migration.check.${check}`)}\\s*${text('migration.checkStatus.passed')}$`)
    await expect(page.getByText(passed)).toBeVisible()
  }
  await expect(page.getByRole('button', { name: text('migration.start'), exact: true })).toBeEnabled()
})
