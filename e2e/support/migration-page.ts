import { expect, type Locator, type Page, type Response } from '@playwright/test'
import { pattern, text } from './texts'

/** The Migration page as a person uses it. */
export interface MigrationPage {
  open(): Promise<void>
  /** From the end of an earlier migration to the form for another one, where that is needed. */
  prepare(): Promise<void>
  testTarget(): Promise<void>
  /** Default: the app is read-only from the copy on. */
  start(mode?: 'live' | 'read-only'): Promise<void>
  /** Rows copied and rows in all, as the page shows them now; undefined while it does not. */
  rows(): Promise<{ readonly done: number; readonly total: number } | undefined>
  /** Waits until the page shows more copied rows than this, and fewer than all. */
  waitForRowsAbove(count: number): Promise<number>
  readonly ready: Locator
  readonly onPostgres: Locator
  readonly startButton: Locator
}

export function migrationPage(page: Page, url: string): MigrationPage {
  const startButton = page.getByRole('button', { name: text('migration.start'), exact: true })
  const rows = async () => {
    // The bar of the whole copy says it in words for those who cannot see it; other sentences name rows as well.
    const bar = page.getByRole('progressbar', { name: text('jobs.overall'), exact: true })
    const shown = (await bar.getAttribute('aria-valuetext', { timeout: 1_000 }).catch(() => null)) ?? ''
    const numbers = pattern('jobs.rowsOf').test(shown)
      ? (shown.match(/\d[\d,.\s\u202f\u00a0]*/g) ?? []).map((part) => Number(part.replace(/\D/g, '')))
      : []
    const [done, total] = numbers
    return done === undefined || total === undefined ? undefined : { done, total }
  }
  return {
    startButton,
    ready: page.getByRole('heading', { name: text('migration.ready.title') }),
    onPostgres: page.getByRole('heading', { name: text('migration.postgres.title') }),
    rows,
    open: async () => {
      await page.goto(`${url}/admin/migration`)
      // What is shown below it depends on the app's state, which is read first.
      await expect(page.getByText(text('migration.loading'))).toHaveCount(0)
    },
    prepare: async () => {
      const another = page.getByRole('button', { name: text('migration.ended.startOver') })
      await expect(startButton.or(another)).toBeVisible()
      if (await another.isVisible()) await another.click()
    },
    testTarget: async () => {
      await page.getByRole('button', { name: text('migration.target.test'), exact: true }).click()
      await expect(page.getByText(text('migration.target.ready'))).toBeVisible()
    },
    start: async (mode = 'read-only') => {
      await page.getByRole('radio', { name: text(`migration.mode.${mode}.title`) }).click()
      await startButton.click()
      await expect(page.getByRole('heading', { name: text('migration.running.title') })).toBeVisible()
    },
    waitForRowsAbove: async (count) => {
      let seen = -1
      await expect
        .poll(
          async () => {
            const now = await rows()
            if (now && now.done > count && now.done < now.total) seen = now.done
            return seen
          },
          { message: `more than ${count} rows copied, and not all`, timeout: 60_000, intervals: [100] },
        )
        .toBeGreaterThan(count)
      return seen
    },
  }
}

/** The counts that a page shows, by table. */
export async function readCounts(
  page: Page,
): Promise<ReadonlyMap<string, { readonly source: number; readonly target: number; readonly state: string }>> {
  const table = page
    .getByRole('table')
    .filter({ has: page.getByRole('columnheader', { name: text('verification.sourceRows') }) })
    .first()
  await expect(table).toBeVisible()
  const rows = await table.locator('tbody tr').all()
  const entries = await Promise.all(
    rows.map(async (row) => {
      const name = (await row.getByRole('rowheader').locator('span[title]').first().getAttribute('title')) ?? ''
      const cells = await row.getByRole('cell').allTextContents()
      const number = (cell: string | undefined) => Number((cell ?? 'NaN').replace(/[^\d-]/g, ''))
      return [name, { source: number(cells[0]), target: number(cells[1]), state: cells.at(-1)?.trim() ?? '' }] as const
    }),
  )
  return new Map(entries)
}

/** Opens a dialog with a button, types its word and confirms with the button of the dialog. */
export async function confirmTyped(page: Page, buttonName: string, word: string): Promise<void> {
  await page.getByRole('button', { name: buttonName }).first().click()
  const dialog = page.getByRole('alertdialog').or(page.getByRole('dialog'))
  const confirm = dialog.getByRole('button', { name: buttonName })
  await expect(confirm).toBeDisabled()
  await dialog.getByLabel(text('jobs.typed.label', { word })).fill(word)
  await confirm.click()
}

/** The event streams that a page has opened. */
export function watchStreams(page: Page): readonly Response[] {
  const streams: Response[] = []
  page.on('response', (response) => {
    if (/\/api\/jobs\/[^/]+\/events/.test(response.url())) streams.push(response)
  })
  return streams
}
