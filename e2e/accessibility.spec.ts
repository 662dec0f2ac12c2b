import { type BrowserContext, expect, type Page, test } from '@playwright/test'
import { listPages } from './support/app-routes'
import { axeFindings } from './support/axe'
import { migrationPage } from './support/migration-page'
import { contextOf } from './support/people'
import { type Stack, startStack } from './support/stack'
import { text } from './support/texts'

let stack: Stack
let admin: BrowserContext
let user: BrowserContext
/** Addresses for the pages with parameters. */
let samples: Readonly<Record<string, string>>

test.beforeAll(async ({ browser }) => {
  stack = await startStack()
  admin = await contextOf(browser, stack.url, 'admin')
  user = await contextOf(browser, stack.url, 'user')
  samples = await makeSamples()
})

test.afterAll(async () => {
  await admin?.close()
  await user?.close()
  await stack?.stop()
})

/** A backup, a migration and a verification, so that the pages have something to show. */
async function makeSamples(): Promise<Readonly<Record<string, string>>> {
  const headers = { Origin: stack.url }
  const backedUp = await admin.request.post('/api/backups', { headers, data: { includeEnvironment: false, format: 'auto' } })
  await endOf((await backedUp.json()).job.id)
  const { backups } = await (await admin.request.get('/api/backups')).json()
  const asked = await admin.request.post('/api/jobs', { headers, data: { kind: 'preflight', target: { from: 'environment' } } })
  await endOf((await asked.json()).job.id)
  const started = await admin.request.post('/api/jobs', { headers, data: { kind: 'migrate', target: { from: 'environment' } } })
  const migration = await endOf((await started.json()).job.id)
  const verified = await admin.request.post('/api/jobs', { headers, data: { kind: 'verify' } })
  await endOf((await verified.json()).job.id)
  const { reports } = await (await admin.request.get('/api/verification/reports')).json()
  const { cvs } = await (await user.request.get('/api/cvs')).json()
  return {
    '/admin/activity/unknown': `/admin/activity/${migration}`,
    '/admin/backups/unknown': `/admin/backups/${backups[0].id}`,
    '/admin/verification/unknown': `/admin/verification/${reports[0].id}`,
    '/admin/verification/compare': `/admin/verification/compare?one=${reports[0].id}&other=${reports[1].id}`,
    '/cvs/unknown': `/cvs/${cvs[0].id}`,
  }
}

async function endOf(id: string): Promise<string> {
  await expect
    .poll(async () => (await (await admin.request.get(`/api/jobs/${id}`)).json()).job.status, { timeout: 60_000 })
    .toBe('succeeded')
  return id
}

async function open(path: string, look: { theme: 'light' | 'dark'; locale: 'en' | 'fr'; width: number }): Promise<Page> {
  const page = await (path.startsWith('/admin') ? admin : user).newPage()
  await page.setViewportSize({ width: look.width, height: 900 })
  await page.emulateMedia({ colorScheme: look.theme, reducedMotion: 'reduce' })
  await page.context().addCookies([{ name: 'NEXT_LOCALE', value: look.locale, url: stack.url }])
  await page.goto(`${stack.url}${samples[path] ?? path}`)
  await expect(page.getByRole('heading', { level: 1 }).first()).toBeVisible()
  // Until what the page asked for is there; event streams stay open, so the network never falls silent.
  await expect(page.locator('[aria-busy="true"]')).toHaveCount(0)
  return page
}

/** Both languages and both themes once each: what axe looks at in one theme does not hang on the words. */
const looks = [
  { locale: 'en', theme: 'light' },
  { locale: 'fr', theme: 'dark' },
] as const

for (const path of listPages()) {
  for (const { locale, theme } of looks) {
    test(`${path} in ${locale}, ${theme}: axe finds nothing, 390 px need no horizontal scroll`, async () => {
      const page = await open(path, { theme, locale, width: 1280 })
      try {
        await expect(page.locator('html')).toHaveAttribute('lang', locale)
        await expect(page.locator('html')).toHaveClass(new RegExp(`(^|\\s)${theme}(\\s|$)`))
        expect(await axeFindings(page)).toEqual([])
        await page.setViewportSize({ width: 390, height: 844 })
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
        expect(overflow).toBeLessThanOrEqual(0)
      } finally {
        await page.close()
      }
    })
  }
}

test('the migration page can be used with the keyboard alone', async () => {
  const page = await open('/admin/migration', { theme: 'light', locale: 'en', width: 1280 })
  try {
    await tabTo(page, text('migration.ready.switch'))
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('alertdialog').or(page.getByRole('dialog'))
    await expect(dialog).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(dialog).toBeHidden()
    await expect(page.getByRole('button', { name: text('migration.ready.switch') }).first()).toBeFocused()

    await page.keyboard.press('Enter')
    await expect(dialog).toBeVisible()
    const field = dialog.getByLabel(text('jobs.typed.label', { word: 'PostgreSQL' }))
    if (!(await field.evaluate((element) => element === document.activeElement)))
      await tabUntil(page, () => field.evaluate((element) => element === document.activeElement))
    await page.keyboard.type('PostgreSQL')
    await tabTo(page, text('migration.ready.switch'))
    await page.keyboard.press('Enter')
    await expect(migrationPage(page, stack.url).onPostgres).toBeVisible({ timeout: 30_000 })
  } finally {
    await page.close()
  }
})

async function tabTo(page: Page, name: string): Promise<void> {
  await tabUntil(page, () =>
    page.evaluate(
      (wanted) => document.activeElement?.tagName === 'BUTTON' && (document.activeElement.textContent ?? '').includes(wanted),
      name,
    ),
  )
}

async function tabUntil(page: Page, arrived: () => Promise<boolean>): Promise<void> {
  for (let steps = 0; steps < 100; steps += 1) {
    if (await arrived()) return
    await page.keyboard.press('Tab')
  }
  throw new Error('not reached with the Tab key')
}
