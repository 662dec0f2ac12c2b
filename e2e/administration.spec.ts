import { randomBytes } from 'node:crypto'
import { type BrowserContext, expect, type Locator, type Page, test } from '@playwright/test'
import pg from 'pg'
import { demoAccounts } from '../lib/cvsite/demo-data/people'
import { dropDatabase } from '../scripts/demo/postgres-database'
import { confirmTyped, migrationPage } from './support/migration-page'
import { contextOf } from './support/people'
import { queryPostgres, querySqlite, type Stack, startStack } from './support/stack'
import { text } from './support/texts'

const serverUrl = process.env.E2E_POSTGRES_URL ?? ''
const suffix = randomBytes(4).toString('hex')
const visitor = `e2e_visitor_${suffix}`
const made = { role: `e2e_keeper_${suffix}`, database: `e2e_made_${suffix}`, name: 'Made here' }

let stack: Stack
let admin: BrowserContext
let page: Page
/** The made database as the server's administrator opens it, and as somebody else does. */
let madeUrl: string
let visitorUrl: string

test.beforeAll(async ({ browser }) => {
  stack = await startStack()
  admin = await contextOf(browser, stack.url, 'admin')
  page = await admin.newPage()
  const url = new URL(serverUrl)
  url.pathname = `/${made.database}`
  madeUrl = url.href
  url.username = visitor
  url.password = 'visitor'
  visitorUrl = url.href
})

test.afterAll(async () => {
  await admin?.close()
  await stack?.stop()
  await dropDatabase(serverUrl, made.database)
  await queryPostgres(serverUrl, `DROP ROLE IF EXISTS ${made.role}, ${visitor}`)
})

const button = (name: string, within: Page | Locator = page) => within.getByRole('button', { name, exact: true })
const field = (label: string) => page.getByLabel(label, { exact: true })

async function open(path: string): Promise<void> {
  await page.goto(`${stack.url}${path}`)
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
}

/** A tab of a page that may have been loaded a moment ago and not listen yet. */
async function openTab(name: string, shows: Locator): Promise<void> {
  await expect(async () => {
    await page.getByRole('tab', { name, exact: true }).click()
    await expect(shows).toBeVisible({ timeout: 1_000 })
  }).toPass({ timeout: 30_000 })
}

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: visitorUrl, application_name: 'a visitor' })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

test('the advisor changes its mind when it is told of a second machine', async () => {
  await open('/admin/advisor')
  await expect(page.locator('[data-verdict]')).toBeVisible()
  await field(text('advisor.needs.machines')).fill('2')
  await button(text('advisor.needs.save')).click()
  await expect(page.locator('[data-verdict="move"]')).toBeVisible()
  await field(text('advisor.needs.machines')).fill('1')
  await button(text('advisor.needs.save')).click()
  await expect(page.locator('[data-verdict="move"]')).toHaveCount(0)
})

test('a target is made: the SQL first, then role, database and rights, saved and tested', async () => {
  await open('/admin/targets')
  await openTab(text('targets.make.title'), field(text('targets.make.adminUrl')))
  await field(text('targets.make.adminUrl')).fill(serverUrl)
  await field(text('targets.make.role')).fill(made.role)
  await field(text('targets.make.database')).fill(made.database)
  await field(text('targets.make.name')).fill(made.name)
  await expect(button(text('targets.make.do'))).toBeDisabled()
  await button(text('targets.make.show')).click()
  await expect(page.getByText(new RegExp(`CREATE ROLE "?${made.role}`))).toBeVisible()
  expect(await queryPostgres(serverUrl, 'SELECT 1 FROM pg_roles WHERE rolname = $1', [made.role])).toEqual([])
  await button(text('targets.make.do')).click()
  await expect(page.getByText(text('targets.make.made'), { exact: true })).toBeVisible({ timeout: 30_000 })
  await button(text('targets.saved.testNamed', { name: made.name })).click()
  await expect(page.getByText(text('migration.target.ready')).first()).toBeVisible({ timeout: 30_000 })
})

test('an address is given in parts and kept without being shown; instructions carry the admin’s own names', async () => {
  const url = new URL(stack.directUrl)
  await open('/admin/targets')
  const parts = { name: 'By hand', host: url.hostname, port: url.port, user: url.username, password: url.password }
  await openTab(text('targets.have.title'), field(text('targets.have.fields.host')))
  for (const [name, value] of Object.entries({ ...parts, database: url.pathname.slice(1) }))
    await field(text(`targets.have.fields.${name}`)).fill(value)
  // The server of the journeys speaks no TLS, and `require` is what the form begins with.
  await button('prefer').click()
  await button(text('targets.have.test')).click()
  await expect(page.getByText(text('migration.target.ready'))).toBeVisible({ timeout: 30_000 })
  await button(text('targets.have.save')).click()
  await expect(page.getByText(parts.name, { exact: true })).toBeVisible()
  await openTab(text('targets.tell.title'), field(text('targets.tell.fields.role')))
  await field(text('targets.tell.fields.role')).fill('my_role')
  await field(text('targets.tell.fields.database')).fill('my_database')
  await button(text('targets.tell.platforms.compose')).click()
  await expect(page.getByText(/my_role/).first()).toBeVisible()
  await expect(page.getByText(/my_database/).first()).toBeVisible()
  const removal = text('targets.saved.removeNamed', { name: parts.name })
  await button(removal).click()
  await button(text('targets.saved.remove'), page.getByRole('alertdialog')).click()
  await expect(button(removal)).toHaveCount(0)
})

test('the saved target is migrated to and switched to', async () => {
  const migration = migrationPage(page, stack.url)
  await migration.open()
  await expect(async () => {
    await page.getByRole('radio', { name: made.name }).click()
    await expect(page.getByRole('radio', { name: made.name })).toBeChecked({ timeout: 1_000 })
  }).toPass({ timeout: 30_000 })
  await migration.testTarget()
  await migration.start()
  await expect(migration.ready).toBeVisible({ timeout: 90_000 })
  await confirmTyped(page, text('migration.ready.switch'), 'PostgreSQL')
  await expect(migration.onPostgres).toBeVisible({ timeout: 30_000 })
})

test('sessions: what the role may not see it does not offer; given the right, a transaction is ended and a statement cancelled', async () => {
  await queryPostgres(madeUrl, `CREATE ROLE ${visitor} LOGIN PASSWORD 'visitor'`)
  await queryPostgres(madeUrl, `GRANT ALL ON ALL TABLES IN SCHEMA public TO ${visitor}`)
  await open('/admin/database')
  const limited = page.locator('[data-check="limited-role"]')
  await limited.locator('summary').click()
  await expect(limited.getByText(`GRANT pg_monitor TO ${made.role};`)).toBeVisible()
  await queryPostgres(madeUrl, `GRANT pg_monitor, pg_signal_backend TO ${made.role}`)
  const [idle, busy] = [await connect(), await connect()]
  try {
    await idle.query('BEGIN; SELECT 1')
    const pidOf = async (client: pg.Client) => Number((await client.query('SELECT pg_backend_pid() AS pid')).rows[0].pid)
    const [idlePid, busyPid] = [await pidOf(idle), await pidOf(busy)]
    const cancelled = busy.query('SELECT pg_sleep(600)').catch((error: { readonly code?: string }) => error.code)
    await page.reload()
    await expect(page.locator('[data-check]').first()).toBeVisible({ timeout: 30_000 })
    await expect(limited).toHaveCount(0)
    const end = async (pid: number, how: 'terminate' | 'cancel') => {
      await button(`${text('database.sessions.end')}: ${pid}`).click()
      await button(text(`database.sessions.${how}`), page.getByRole('alertdialog')).click()
      await expect(page.getByRole('alertdialog')).toHaveCount(0)
    }
    await end(busyPid, 'cancel')
    expect(await cancelled).toBe('57014')
    await end(idlePid, 'terminate')
    await expect
      .poll(() => queryPostgres(madeUrl, 'SELECT pid FROM pg_stat_activity WHERE pid = $1', [idlePid]), { timeout: 30_000 })
      .toEqual([])
  } finally {
    await Promise.all([idle.end().catch(() => undefined), busy.end().catch(() => undefined)])
  }
})

test('an index that another one covers is found and dropped by its button; maintenance is run and kept on record', async () => {
  await queryPostgres(madeUrl, 'CREATE INDEX a_wide_one ON "User" (name, "createdAt")')
  await queryPostgres(madeUrl, 'CREATE INDEX a_short_one ON "User" (name)')
  await open('/admin/database')
  const check = page.locator('[data-check="index-covered"]')
  await expect(check).toHaveAttribute('data-level', 'info')
  await check.locator('summary').first().click()
  await button(`${text('database.operations.drop-index.button')}: a_short_one`, check).click()
  await button(text('database.operations.drop-index.button'), page.getByRole('alertdialog')).click()
  // Gone from what wants something.
  await expect(check).toHaveCount(0, { timeout: 60_000 })
  expect(await queryPostgres(madeUrl, `SELECT 1 FROM pg_class WHERE relname = 'a_short_one'`)).toEqual([])

  await button(`${text('database.maintenance.runNow')}: ${text('database.operations.vacuum.name')}`).click()
  const runs = page.getByRole('region', { name: text('database.maintenance.title'), exact: true })
  const run = runs.getByRole('listitem').filter({ hasText: text('database.operations.vacuum.name') })
  await expect(run.filter({ hasText: /\d+ done/ })).toBeVisible({ timeout: 60_000 })
  expect(await queryPostgres(madeUrl, `SELECT 1 FROM pg_stat_all_tables WHERE relname = 'User' AND last_vacuum IS NOT NULL`)).toHaveLength(
    1,
  )
})

test('logs are searched, and followed while they are written', async () => {
  await open('/admin/logs')
  const lines = page.locator('[data-level]')
  await expect(lines.first()).toBeVisible()
  const search = page.getByRole('searchbox', { name: text('logs.search') }).or(field(text('logs.search')))
  await search.first().fill('no line says this')
  await expect(page.getByText(text('logs.none'))).toBeVisible()
  await search.first().fill('started')
  await expect(lines.first()).toContainText('started')
  await search.first().fill('')
  await button(text('logs.follow')).click()
  await expect(page.getByText(text('logs.live'), { exact: true })).toBeVisible()
  const shown = await lines.count()
  const answer = await admin.request.post('/api/database/maintenance', {
    headers: { Origin: stack.url },
    data: { operation: 'analyze', targets: ['User'] },
  })
  expect(answer.status()).toBe(202)
  await expect.poll(() => lines.count(), { timeout: 30_000 }).toBeGreaterThan(shown)
})

test('an error’s message finds its entry, and its test asks the real server', async () => {
  await open('/admin/troubleshooting#TARGET_PASSWORD_REFUSED')
  const entry = page.locator('#TARGET_PASSWORD_REFUSED')
  await expect(entry).toHaveAttribute('open', '')
  await button(text('troubleshooting.test'), entry).click()
  await expect(entry.locator('[data-outcome="is-not"]')).toBeVisible({ timeout: 30_000 })
  const holder = await connect()
  const waiter = await connect()
  try {
    await holder.query('BEGIN; LOCK TABLE "TelemetryEvent" IN ACCESS EXCLUSIVE MODE')
    // Ended with its connection when the test fails before it is let through.
    const waiting = waiter.query('SELECT count(*) FROM "TelemetryEvent"').catch(() => undefined)
    const search = page.getByRole('searchbox', { name: text('troubleshooting.search') }).or(field(text('troubleshooting.search')))
    await search.first().fill('55P03')
    const locks = page.locator('#LOCKED_OUT')
    await locks.locator('summary').click()
    await button(text('troubleshooting.test'), locks).click()
    await expect(locks.locator('[data-outcome="is"]')).toBeVisible({ timeout: 30_000 })
    await holder.query('ROLLBACK')
    await waiting
    await button(text('troubleshooting.test'), locks).click()
    await expect(locks.locator('[data-outcome="is-not"]')).toBeVisible({ timeout: 30_000 })
  } finally {
    await Promise.all([holder.end(), waiter.end()])
  }
})

test('the rollback page counts what waits, says that nothing is lost, and takes the app back with it', async () => {
  await queryPostgres(madeUrl, `UPDATE "User" SET name = 'Written on PostgreSQL' WHERE email = $1`, [demoAccounts.user.email])
  await open('/admin/rollback')
  await expect(page.getByText(text('rollback.losesNothing'), { exact: true })).toBeVisible()
  await expect(page.getByText(/\d changed rows? (is|are) carried along/).first()).toBeVisible()
  await confirmTyped(page, text('rollback.switchBack.button'), 'SQLite')
  await expect(page.getByRole('heading', { name: text('rollback.now.on-sqlite.title') })).toBeVisible({ timeout: 60_000 })
  const [row] = querySqlite(stack.sqlitePath, 'SELECT name FROM "User" WHERE email = ?', demoAccounts.user.email)
  expect(row).toEqual({ name: 'Written on PostgreSQL' })
  await expect(page.getByText(text('rollback.restore.none'))).toBeVisible()
})

test('settings: the language is kept, and every session is ended at once', async ({ browser }) => {
  await open('/admin/settings')
  await button(text('common.french')).click()
  await expect(page.getByRole('heading', { level: 1, name: text('settings.title', {}, 'fr') })).toBeVisible()
  await button(text('common.english', {}, 'fr')).click()
  await expect(page.getByRole('heading', { level: 1, name: text('settings.title') })).toBeVisible()
  const other = await contextOf(browser, stack.url, 'admin')
  try {
    await button(text('settings.sessions.end')).click()
    await button(text('settings.sessions.end'), page.getByRole('alertdialog')).click()
    await expect(page).toHaveURL(/\/sign-in/)
    // Tokens know whole seconds: one of that very second is ended too.
    await expect.poll(async () => (await other.request.get('/api/admin/state')).status(), { timeout: 30_000 }).toBe(401)
  } finally {
    await other.close()
  }
})
