import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type BrowserContext, expect, type Page, test } from '@playwright/test'
import Database from 'better-sqlite3'
import { signatureOf } from '../lib/alarms/send-webhook'
import { contextOf } from './support/people'
import { type Stack, startStack } from './support/stack'
import { text } from './support/texts'

test.describe.configure({ mode: 'serial' })

interface Call {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

const secret = 'a secret that both sides know'
/** The worker looks at the backups three times a minute. */
const lookMs = 100_000

let stack: Stack
let admin: BrowserContext
let page: Page
let receiver: Server
const calls: Call[] = []

test.beforeAll(async ({ browser }) => {
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      calls.push({ headers: request.headers, body: Buffer.concat(chunks).toString('utf8') })
      response.writeHead(204).end()
    })
  })
  receiver.listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  stack = await startStack()
  admin = await contextOf(browser, stack.url, 'admin')
  page = await admin.newPage()
})

test.afterAll(async () => {
  await admin?.close()
  await stack?.stop()
  receiver?.close()
})

const button = (key: string) => page.getByRole('button', { name: text(key), exact: true })
const dialog = () => page.getByRole('dialog').or(page.getByRole('alertdialog'))

async function newestBackup(): Promise<{
  id: string
  sizeBytes: number
  sha256: string
  trial: { status: string } | null
  origin: string
}> {
  const { backups } = await (await admin.request.get('/api/backups')).json()
  return backups[0]
}

async function untilJobEnds(kind: string): Promise<void> {
  await expect
    .poll(
      async () => (await (await admin.request.get('/api/jobs')).json()).jobs.find((job: { kind: string }) => job.kind === kind)?.status,
      {
        timeout: 90_000,
      },
    )
    .toBe('succeeded')
}

function messagesOf(type: string): readonly { alarm?: { kind: string }; text: string }[] {
  return calls.map(({ body }) => JSON.parse(body)).filter((message) => message.type === type)
}

test('no backup yet: an alarm stands, a webhook is set and tried, and the alarm reaches it, signed', async () => {
  test.setTimeout(180_000)
  await page.goto(`${stack.url}/admin/backups/alarms`)
  await expect(page.getByText(text('alarms.sentence.backup-none')).first()).toBeVisible({ timeout: lookMs })
  await page.getByRole('checkbox', { name: text('alarms.settings.webhook.label') }).click()
  await page.getByLabel(text('alarms.settings.webhook.url')).fill(`http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`)
  await page.getByLabel(text('alarms.settings.webhook.secret')).fill(secret)
  await button('alarms.settings.test.webhook').click()
  await expect(page.getByText(text('alarms.settings.test.sent'))).toBeVisible()
  expect(messagesOf('test')).toHaveLength(1)
  await button('alarms.settings.save').click()
  await expect(page.getByText(text('alarms.settings.saved'))).toBeVisible()
  await expect(page.getByText(text('alarms.settings.keptSecret')).first()).toBeVisible()
  await expect.poll(() => messagesOf('alarm.raised').map(({ alarm }) => alarm?.kind), { timeout: lookMs }).toEqual(['backup-none'])
  for (const { headers, body } of calls)
    expect(headers['bascule-signature']).toBe(`v1=${signatureOf(secret, String(headers['bascule-timestamp']), body)}`)
})

test('an encrypted backup is made, seen restored for a trial, and the alarm is over', async () => {
  test.setTimeout(240_000)
  await page.goto(`${stack.url}/admin/backups`)
  await button('backups.encryptionTitle').click()
  await dialog()
    .getByRole('button', { name: text('backups.encryption.generatePassphrase') })
    .click()
  await expect(dialog().getByRole('textbox', { name: text('backups.encryption.passphrase') })).not.toHaveValue('')
  await dialog()
    .getByRole('button', { name: text('backups.encryption.save'), exact: true })
    .click()
  const kit = page.waitForEvent('download')
  await dialog()
    .getByRole('button', { name: text('backups.kit.download') })
    .click()
  expect(await readFile(await (await kit).path(), 'utf8')).toContain('age')
  await dialog()
    .getByRole('button', { name: text('backups.kit.done'), exact: true })
    .click()

  await button('backups.backUpNow').click()
  await dialog()
    .getByRole('button', { name: text('backups.start.submit'), exact: true })
    .click()
  await untilJobEnds('backup')
  await expect(page.getByRole('table', { name: text('backups.list') }).getByText(text('backups.trust.passed'))).toBeVisible()
  await expect(page.getByText(text('backups.recover.state.yes'))).toBeVisible()
  expect((await newestBackup()).trial?.status).toBe('passed')

  // The calendar says it of today, to the keyboard and the screen reader as well.
  const grid = page.getByRole('grid', { name: text('backups.calendar.title') })
  const today = grid.locator('button[tabindex="0"]')
  await expect(today).toHaveAccessibleName(new RegExp(text('backups.calendar.state.tested')))
  await today.focus()
  await page.keyboard.press('ArrowUp')
  await expect(page.getByText(text('backups.calendar.nothing'))).toBeVisible()
  await page.keyboard.press('End')
  await expect(page.getByText(text('backups.calendar.nothing'))).toHaveCount(0)
  await expect.poll(() => messagesOf('alarm.cleared').map(({ alarm }) => alarm?.kind), { timeout: lookMs }).toEqual(['backup-none'])
  expect(messagesOf('alarm.raised')).toHaveLength(1)
})

test('it is downloaded, byte for byte', async () => {
  const backup = await newestBackup()
  await page.goto(`${stack.url}/admin/backups/${backup.id}`)
  const downloading = page.waitForEvent('download')
  await button('backups.download').click()
  const download = await downloading
  const bytes = await readFile(await download.path())
  expect(download.suggestedFilename()).toBe(`backup-${backup.id}.tar.gz.age`)
  expect([bytes.length, createHash('sha256').update(bytes).digest('hex')]).toEqual([backup.sizeBytes, backup.sha256])
  expect(bytes.subarray(0, 22).toString()).toBe('age-encryption.org/v1\n')
})

test('it is not deleted by the way: the question says that it is the only one that was tried, and Escape leaves it', async () => {
  await button('backups.delete').click()
  await expect(dialog().getByText(text('backups.deleteLast'))).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(dialog()).toHaveCount(0)
  expect((await newestBackup()).trial?.status).toBe('passed')
})

test('a key is checked against it: that of this server opens it, another one does not', async () => {
  const check = page.getByRole('region', { name: text('backups.keyCheck.title') })
  await check.getByLabel(text('backups.keyCheck.label')).fill('not the passphrase')
  await button('backups.keyCheck.check').click()
  await expect(check.getByText(text('backups.keyCheck.doesNot'))).toBeVisible()
  await button('backups.keyCheck.checkOwn').click()
  await expect(check.getByText(text('backups.keyCheck.opens'))).toBeVisible()
})

test('it is restored after a look at what changes, and the restore is undone', async () => {
  test.setTimeout(240_000)
  const backup = await newestBackup()
  const db = new Database(stack.sqlitePath)
  try {
    const count = () => db.prepare<[], number>('SELECT count(*) FROM "TelemetryEvent"').pluck().get() ?? 0
    const before = count()
    db.prepare('DELETE FROM "TelemetryEvent" WHERE id IN (SELECT id FROM "TelemetryEvent" LIMIT 7)').run()
    await restoreByHand(backup.id, 'TelemetryEvent')
    expect(count()).toBe(before)
    const safety = await newestBackup()
    expect(safety.origin).toBe('safety')
    await restoreByHand(safety.id, 'TelemetryEvent')
    expect(count()).toBe(before - 7)
  } finally {
    db.close()
  }
})

async function restoreByHand(id: string, changed: string): Promise<void> {
  const restoresBefore = await countRestores()
  await page.goto(`${stack.url}/admin/backups/${id}`)
  await button('backups.restore.open').click()
  await expect(dialog().getByRole('table').getByText(changed, { exact: true })).toBeVisible()
  const submit = dialog().getByRole('button', { name: text('backups.restore.submit'), exact: true })
  await expect(submit).toBeDisabled()
  await dialog()
    .getByLabel(text('jobs.typed.label', { word: 'RESTORE' }))
    .fill('RESTORE')
  await submit.click()
  await expect.poll(countRestores, { timeout: 90_000 }).toBe(restoresBefore + 1)
}

async function countRestores(): Promise<number> {
  const { jobs } = await (await admin.request.get('/api/jobs')).json()
  return jobs.filter(({ kind, status }: { kind: string; status: string }) => kind === 'restore' && status === 'succeeded').length
}

test('a schedule is set and shows its coming runs', async () => {
  await page.goto(`${stack.url}/admin/backups`)
  await button('schedules.add').click()
  const cron = page.getByLabel(text('schedules.cron'), { exact: true })
  const zone = page.getByLabel(text('schedules.zone'), { exact: true })
  await cron.fill('99 2 * * *')
  await zone.fill('Europe/Lutetia')
  await button('schedules.save').click()
  await expect(zone).toHaveAccessibleDescription(new RegExp(text('schedules.zoneWrong')))
  await zone.fill('Europe/Paris')
  await button('schedules.save').click()
  await expect(cron).toHaveAccessibleDescription(/30 2 \* \* \*/)
  await cron.fill('30 2 * * *')
  await button('schedules.save').click()
  await expect(page.getByText('30 2 * * *')).toBeVisible()
  await expect(page.getByText(text('schedules.next'))).toBeVisible()
  const { schedules } = await (await admin.request.get('/api/schedules')).json()
  expect(schedules.filter(({ kind }: { kind: string }) => kind === 'backup')).toMatchObject([{ cron: '30 2 * * *', enabled: true }])
})

test('/api/health: anybody learns one word, the token opens the details', async ({ request }) => {
  const anybody = await request.get(`${stack.url}/api/health`)
  expect(anybody.status()).toBe(200)
  expect(Object.keys(await anybody.json())).toEqual(['status'])
  expect((await request.get(`${stack.url}/api/health`, { headers: { Authorization: 'Bearer wrong' } })).status()).toBe(401)
  await page.goto(`${stack.url}/admin/backups/alarms`)
  await button('alarms.health.make').click()
  const token = (await page.getByText(/^bh_/).textContent()) ?? ''
  const details = await request.get(`${stack.url}/api/health`, { headers: { Authorization: `Bearer ${token}` } })
  expect(await details.json()).toMatchObject({
    status: 'ok',
    database: { engine: 'sqlite', answers: true },
    worker: { alive: true },
    backups: { couldRecover: 'yes', alarms: [] },
    problems: [],
  })
  // Shown once: a reload does not bring it back.
  await page.reload()
  await expect(button('alarms.health.renew')).toBeVisible()
  await expect(page.getByText(token)).toHaveCount(0)
})
