import Database from 'better-sqlite3'
import { describe, expect, inject, it } from 'vitest'
import type { ActiveState } from '@/lib/control/active-state'
import { createAppDatabase } from '@/lib/database/app-database'
import { lowerFence, raiseFence } from '@/lib/sqlite/fence'
import { createTestApp, type TestApp } from '@/tests/support/cvsite-app'
import { withPostgres } from '@/tests/support/postgres-databases'
import { createAccountUser } from './accounts'
import { writtenCv } from './cv-documents'
import { createCv, listCvs, openStoredCv } from './cvs'

const server = { url: inject('embeddedPostgresUrl') }
const text = 'A CV.'

function createPerson(app: TestApp) {
  return createAccountUser(app.database, { email: 'a@cvsite.test', name: null, image: null, emailVerified: null })
}

function withSqlite<T>(app: TestApp, use: (file: Database.Database) => T): T {
  const file = new Database(app.sqlitePath, { timeout: 5_000 })
  try {
    return use(file)
  } finally {
    file.close()
  }
}

/** Something to wait for. */
function gate(): { readonly opened: Promise<unknown>; open(): void } {
  const signal = new AbortController()
  const opened = new Promise((resolve) => signal.signal.addEventListener('abort', resolve))
  return { opened, open: () => signal.abort() }
}

/** How often the state was asked for since. */
function countLooks(app: TestApp): () => number {
  let looks = 0
  let state = app.state
  Object.defineProperty(app, 'state', {
    get: () => {
      looks += 1
      return state
    },
    set: (next: ActiveState) => {
      state = next
    },
  })
  return () => looks
}

const migrating: ActiveState = {
  status: 'migrating',
  jobId: 'job',
  target: { sealedUrl: 'sealed', label: 'target' },
  since: '2026-01-01T00:00:00.000Z',
}

describe('the app database', () => {
  it('refuses writes while the state says so, reads on, and changes nothing: no row, no file', async () => {
    await using app = await createTestApp({ start: 'sqlite' })
    const person = await createPerson(app)
    const cv = await createCv(app, person.id, writtenCv({ title: 'Before', text }))
    app.state = migrating
    await expect
      .poll(() => createCv(app, person.id, writtenCv({ title: 'During', text })).then(String, (error) => error.code))
      .toBe('APP_READ_ONLY')
    const files = await app.cvFileNames()
    const before = await listCvs(app, person.id)
    await expect(createCv(app, person.id, writtenCv({ title: 'During', text }))).rejects.toMatchObject({
      code: 'APP_READ_ONLY',
      retryable: true,
      hint: expect.any(String),
    })
    expect(await listCvs(app, person.id)).toEqual(before)
    expect(await app.cvFileNames()).toEqual(files)
    expect((await openStoredCv(app, person.id, cv.id, 'cv.opened')).content.toString()).toBe(text)
  })

  it('answers the same when only the fence in the SQLite file refuses, and goes on refusing, and writes again when it is lowered', async () => {
    await using app = await createTestApp({ start: 'sqlite', freezePatienceMs: 200 })
    const person = await createPerson(app)
    withSqlite(app, (file) => raiseFence(file, 'the database is being moved'))
    await expect(createCv(app, person.id, writtenCv({ title: 'During', text }))).rejects.toMatchObject({
      code: 'APP_READ_ONLY',
      retryable: true,
    })
    expect(await app.cvFileNames()).toEqual([])
    expect(await listCvs(app, person.id)).toEqual([])
    withSqlite(app, (file) => lowerFence(file))
    await createCv(app, person.id, writtenCv({ title: 'After', text }))
    expect(await listCvs(app, person.id)).toHaveLength(1)
  })

  it('lets a write wait while a switch is under way, and go on where the switch left it', async () => {
    await using app = await createTestApp({ server, start: 'sqlite', freezePatienceMs: 60_000 })
    const write = (email: string) => app.database.write(({ user }) => user.create({ data: { email } }))
    const emails = () => app.database.read(({ user }) => user.findMany({ select: { email: true }, orderBy: { email: 'asc' } }))
    withSqlite(app, (file) => raiseFence(file, 'a switch'))
    let attempts = 0
    const givenUp = app.database.write(({ user }) => {
      attempts += 1
      return user.create({ data: { email: 'given-up@cvsite.test' } })
    })
    await expect.poll(() => attempts, { timeout: 30_000 }).toBe(1)
    expect(await emails()).toEqual([])
    // It waits without taking the write lock again and again: however often it has looked, it was not tried.
    const looks = countLooks(app)
    await expect.poll(looks, { timeout: 30_000 }).toBeGreaterThan(5)
    expect(attempts).toBe(1)
    // The switch is given up: the same write goes on where it was.
    withSqlite(app, (file) => lowerFence(file))
    await givenUp
    expect(attempts).toBe(2)
    withSqlite(app, (file) => raiseFence(file, 'a switch'))
    const carried = write('carried@cvsite.test')
    app.state = app.onPostgres
    await carried
    expect(await emails()).toEqual([{ email: 'carried@cvsite.test' }])
    expect(withSqlite(app, (file) => file.prepare('SELECT email FROM User').pluck().all())).toEqual(['given-up@cvsite.test'])
  })

  it('answers the same when a fence on PostgreSQL refuses', async () => {
    await using app = await createTestApp({ server, start: 'postgresql', freezePatienceMs: 200 })
    const person = await createPerson(app)
    const { target } = app.state as Extract<ActiveState, { status: 'on-postgresql' }>
    await withPostgres(target.sealedUrl, (client) =>
      client.query(`
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'BASCULE_FENCED: going back'; END $$;
        CREATE TRIGGER refuse BEFORE INSERT OR UPDATE OR DELETE ON "CreditBalance" EXECUTE FUNCTION refuse();
      `),
    )
    await expect(createCv(app, person.id, writtenCv({ title: 'During', text }))).rejects.toMatchObject({ code: 'APP_READ_ONLY' })
    expect(await app.cvFileNames()).toEqual([])
  })

  it('follows a switch within 100 ms and back again, without a restart', async () => {
    await using app = await createTestApp({ server, start: 'sqlite' })
    const onSqlite = await createPerson(app)
    app.state = app.onPostgres
    const switchedAt = performance.now()
    while ((await app.database.engine()) !== 'postgresql') expect(performance.now() - switchedAt).toBeLessThan(100)
    expect(await app.database.read(({ user }) => user.count())).toBe(0)
    const onPostgres = await createPerson(app)
    expect(onPostgres.id).not.toBe(onSqlite.id)
    app.state = { status: 'on-sqlite' }
    await expect.poll(() => app.database.engine(), { interval: 5 }).toBe('sqlite')
    expect(await app.database.read(({ user }) => user.findMany({ select: { id: true } }))).toEqual([{ id: onSqlite.id }])
  })

  it('lets a write that began before the switch end where it began, and closes the old engine after it', async () => {
    await using app = await createTestApp({ server, start: 'sqlite' })
    const person = await createPerson(app)
    const updated = gate()
    const mayEnd = gate()
    const slow = app.database.write(async ({ user }) => {
      await user.update({ where: { id: person.id }, data: { name: 'slow' } })
      updated.open()
      await mayEnd.opened
    })
    await updated.opened
    app.state = app.onPostgres
    await expect.poll(() => app.database.engine(), { interval: 5 }).toBe('postgresql')
    expect(await app.database.read(({ user }) => user.count())).toBe(0)
    mayEnd.open()
    await slow
    expect(withSqlite(app, (file) => file.prepare('SELECT name FROM User').all())).toEqual([{ name: 'slow' }])
    // With its connections closed, the WAL is merged and gone.
    await expect.poll(() => withSqlite(app, (file) => file.pragma('journal_mode = DELETE', { simple: true }))).toBe('delete')
  })

  it('carries a write over when the fence meets it and the state has moved on to PostgreSQL', async () => {
    await using app = await createTestApp({ server, start: 'sqlite' })
    await app.database.engine()
    withSqlite(app, (file) => raiseFence(file, 'moved'))
    // The state read a moment ago still says SQLite; the fence corrects it.
    app.state = app.onPostgres
    const person = await createPerson(app)
    expect(await app.database.engine()).toBe('postgresql')
    expect(await app.database.read(({ user }) => user.findMany({ select: { id: true } }))).toEqual([{ id: person.id }])
    expect(withSqlite(app, (file) => file.prepare('SELECT count(*) AS n FROM User').get())).toEqual({ n: 0 })
  })

  it('loses no write and doubles none when forty of them meet a switch', async () => {
    await using app = await createTestApp({ server, start: 'sqlite' })
    const person = await createPerson(app)
    const ledger = () => app.database.read(({ user }) => user.count())
    expect(await ledger()).toBe(1)
    const emails = Array.from({ length: 40 }, (_, index) => `p${index}@cvsite.test`)
    // Half of them are on their way when the fence comes, wherever that meets them; the others begin behind it.
    const raised = gate()
    let written = 0
    const writing = emails.map(async (email, index) => {
      if (index >= 20) await raised.opened
      await app.database.write(({ user }) => user.create({ data: { email } }))
      written += 1
    })
    await expect.poll(() => written, { timeout: 30_000, interval: 1 }).toBeGreaterThan(2)
    withSqlite(app, (file) => raiseFence(file, 'moved'))
    raised.open()
    app.state = app.onPostgres
    await Promise.all(writing)
    const before = withSqlite(app, (file) => file.prepare('SELECT email FROM User WHERE id <> ?').pluck().all(person.id))
    const after = (await app.database.read(({ user }) => user.findMany({ select: { email: true } }))).map(({ email }) => email)
    expect(before.length).toBeGreaterThan(0)
    expect(after.length).toBeGreaterThan(0)
    expect([...before, ...after].sort()).toEqual([...emails].sort())
  })

  it('repeats a transaction that PostgreSQL broke off in favour of another', async () => {
    await using app = await createTestApp({ server, start: 'postgresql' })
    const one = await createPerson(app)
    const other = await app.database.write(({ user }) => user.create({ data: { email: 'other@cvsite.test' } }))
    const [oneHeld, otherHeld] = [gate(), gate()]
    let attempts = 0
    const cross = (first: string, second: string, held: { open(): void }, awaited: { opened: Promise<unknown> }, name: string) =>
      app.database.write(async ({ user }) => {
        attempts += 1
        await user.update({ where: { id: first }, data: { name } })
        held.open()
        await awaited.opened
        await user.update({ where: { id: second }, data: { name } })
      })
    await Promise.all([
      cross(one.id, other.id, oneHeld, otherHeld, 'from one'),
      cross(other.id, one.id, otherHeld, oneHeld, 'from the other'),
    ])
    expect(attempts).toBeGreaterThan(2)
    const names = await app.database.read(({ user }) => user.findMany({ select: { name: true } }))
    expect(names[0]).toEqual(names[1])
  })

  it('never shows a reader what a transaction has not committed, and waits for another process’s write', async () => {
    await using app = await createTestApp({ start: 'sqlite' })
    await createPerson(app)
    await app.database.write(async ({ user }) => {
      await user.create({ data: { email: 'uncommitted@cvsite.test' } })
      expect(await app.database.read((models) => models.user.count())).toBe(1)
    })
    const other = new Database(app.sqlitePath)
    other.exec('BEGIN IMMEDIATE')
    const waiting = app.database.write(({ user }) => user.create({ data: { email: 'waited@cvsite.test' } }))
    await new Promise((resolve) => setTimeout(resolve, 400))
    other.exec('COMMIT')
    other.close()
    await waiting
    expect(await app.database.read((models) => models.user.count())).toBe(3)
  })

  it('says that the file is missing instead of making an empty one', async () => {
    await using app = await createTestApp({ start: 'sqlite' })
    const database = createAppDatabase({
      readState: async () => ({ status: 'on-sqlite' }),
      sqlitePath: `${app.sqlitePath}.absent`,
      openTarget: () => '',
    })
    await expect(database.read(({ user }) => user.count())).rejects.toMatchObject({ code: 'SOURCE_MISSING' })
    await database.close()
  })
})
