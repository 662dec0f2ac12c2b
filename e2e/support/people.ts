import type { Browser, BrowserContext, Locator, Page } from '@playwright/test'
import { expect } from '@playwright/test'
import { demoAccounts } from '../../lib/cvsite/demo-data/people'

export type Role = 'nobody' | 'user' | 'admin'

/** Signs in through the page, as a person does. */
export async function signIn(page: Page, url: string, role: 'user' | 'admin', from = role === 'admin' ? '/admin' : '/'): Promise<void> {
  const { email, password } = demoAccounts[role]
  await page.goto(`${url}/sign-in?from=${encodeURIComponent(from)}`)
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.waitForURL((address) => address.pathname === from)
}

/** A browser context of its own for one person, signed in unless it is nobody. */
export async function contextOf(browser: Browser, url: string, role: Role): Promise<BrowserContext> {
  const context = await browser.newContext({ baseURL: url })
  if (role === 'nobody') return context
  const page = await context.newPage()
  await signIn(page, url, role)
  await expect(page).not.toHaveURL(/sign-in/)
  await page.close()
  return context
}

/** The titles in a user's list of CVs, each leading to the CV. */
export function cvLinks(page: Page): Locator {
  return page.getByRole('main').locator('li a[href^="/cvs/"]')
}
