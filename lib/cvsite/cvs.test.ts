import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, inject, it } from 'vitest'
import { createCvStore } from '@/lib/cv/cv-store'
import { createTestApp, type TestApp } from '@/tests/support/cvsite-app'
import { readAccountOverview } from './account-overview'
import { createAccountUser, findUser, findUserByAccount, linkAccount, signUpCredits } from './accounts'
import { uploadedCv, writtenCv } from './cv-documents'
import { createCv, deleteCv, listCvs, openStoredCv } from './cvs'
import { writePdf } from './demo-data/cv-documents'

const engines = [
  { name: 'SQLite', open: () => createTestApp({ start: 'sqlite' }) },
  ...inject('postgresServers').map((server) => ({ name: server.name, open: () => createTestApp({ server, start: 'postgresql' }) })),
]

const text = 'Émilie 👩‍💻 — “CV”\n\\N\ttab \u2028 \uFEFF'

async function createPerson(app: TestApp, email = 'Somebody@CVsite.test ') {
  return createAccountUser(app.database, { email, name: 'Somebody', image: null, emailVerified: null })
}

/** The balance and the sum of the ledger; they must never differ. */
async function credits(app: TestApp, userId: string) {
  return app.database.read(async ({ creditBalance, creditTransaction }) => ({
    balance: (await creditBalance.findUnique({ where: { userId } }))?.balance ?? 0,
    sum: (await creditTransaction.aggregate({ where: { userId }, _sum: { amount: true } }))._sum.amount ?? 0,
  }))
}

/** How many rows each action may add to, by table. */
async function rowCounts(app: TestApp) {
  return app.database.read(async (models) => ({
    cvs: await models.cvFile.count(),
    transactions: await models.creditTransaction.count(),
    events: await models.telemetryEvent.count(),
    uses: await models.featureUsage.count(),
  }))
}

describe.each(engines)('the host app on $name', ({ open }) => {
  it('stores a written CV encrypted, with its credit, use and event, and opens it again byte for byte', async () => {
    await using app = await open()
    const { id: userId } = await createPerson(app)
    const cv = await createCv(app, userId, writtenCv({ title: 'Chef / cuisinière', text }))
    expect(cv).toMatchObject({
      title: 'Chef / cuisinière',
      source: 'WRITTEN',
      contentType: 'text/markdown',
      sizeBytes: Buffer.byteLength(text),
    })
    expect(cv.filename).toBe('cuisinière.md')
    expect(await listCvs(app, userId)).toEqual([cv])
    const opened = await openStoredCv(app, userId, cv.id, 'cv.opened')
    expect(opened.content.toString()).toBe(text)
    const files = await app.cvFileNames()
    expect(files).toHaveLength(1)
    const ciphertext = await readFile(join(app.cvFolder, files[0]?.slice(0, 2) ?? '', files[0] ?? ''))
    expect(ciphertext.includes('milie')).toBe(false)
    expect(await credits(app, userId)).toEqual({ balance: signUpCredits - 1, sum: signUpCredits - 1 })
    const uses = await app.database.read(({ featureUsage }) => featureUsage.findMany({ where: { userId }, orderBy: { feature: 'asc' } }))
    expect(uses.map(({ feature, count }) => [feature, count])).toEqual([
      ['cv.open', 1],
      ['cv.write', 1],
    ])
    const events = await app.database.read(({ telemetryEvent }) => telemetryEvent.findMany({ where: { userId }, orderBy: { id: 'asc' } }))
    expect(events.map(({ type }) => type)).toEqual(['account.created', 'cv.created', 'cv.opened'])
    expect(events[1]?.properties).toEqual({ cvId: cv.id, contentType: 'text/markdown' })
  })

  it('stores an uploaded PDF and gives a second file of the same name another one', async () => {
    await using app = await open()
    const { id: userId } = await createPerson(app)
    const pdf = writePdf(['Somebody', 'Cook'])
    const first = await createCv(app, userId, uploadedCv('', '../../secret/My CV.pdf', pdf))
    const second = await createCv(app, userId, uploadedCv('Other', 'My CV.pdf', pdf))
    expect([first.filename, second.filename]).toEqual(['My CV.pdf', 'My CV (2).pdf'])
    expect(first).toMatchObject({ title: 'My CV', contentType: 'application/pdf', source: 'UPLOADED' })
    expect((await openStoredCv(app, userId, second.id, 'cv.downloaded')).content.equals(pdf)).toBe(true)
  })

  it('deletes the row and the file, and only the owner’s', async () => {
    await using app = await open()
    const owner = await createPerson(app)
    const other = await createPerson(app, 'other@cvsite.test')
    const cv = await createCv(app, owner.id, writtenCv({ title: 'Mine', text }))
    await expect(openStoredCv(app, other.id, cv.id, 'cv.opened')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(deleteCv(app, other.id, cv.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await app.cvFileNames()).toHaveLength(1)
    await deleteCv(app, owner.id, cv.id)
    expect(await listCvs(app, owner.id)).toEqual([])
    expect(await app.cvFileNames()).toEqual([])
    await expect(deleteCv(app, owner.id, cv.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('refuses a CV without credits, and leaves no row and no file', async () => {
    await using app = await open()
    const { id: userId } = await createPerson(app)
    for (let count = 0; count < signUpCredits; count++) await createCv(app, userId, writtenCv({ title: `CV ${count}`, text }))
    const before = await rowCounts(app)
    await expect(createCv(app, userId, writtenCv({ title: 'One more', text }))).rejects.toMatchObject({
      code: 'STATE_CONFLICT',
      subject: 'credits',
    })
    expect(await rowCounts(app)).toEqual(before)
    expect(await app.cvFileNames()).toHaveLength(signUpCredits)
    expect(await credits(app, userId)).toEqual({ balance: 0, sum: 0 })
  })

  it('spends no credit twice when twenty requests come at once', async () => {
    await using app = await open()
    const { id: userId } = await createPerson(app)
    const attempts = Array.from({ length: 20 }, (_, index) => createCv(app, userId, writtenCv({ title: `CV ${index}`, text })))
    const settled = await Promise.allSettled(attempts)
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(signUpCredits)
    expect(await credits(app, userId)).toEqual({ balance: 0, sum: 0 })
    expect(await app.cvFileNames()).toHaveLength(signUpCredits)
    expect(await listCvs(app, userId)).toHaveLength(signUpCredits)
  })

  it('says of a missing, a damaged and a foreign file that it cannot be read, and what to do', async () => {
    await using app = await open()
    const { id: userId } = await createPerson(app)
    const cv = await createCv(app, userId, writtenCv({ title: 'CV', text }))
    const [name = ''] = await app.cvFileNames()
    const path = join(app.cvFolder, name.slice(0, 2), name)
    const file = await readFile(path)

    const otherKey = { database: app.database, store: createCvStore({ folder: app.cvFolder, key: Buffer.alloc(32, 8) }) }
    await expect(openStoredCv(otherKey, userId, cv.id, 'cv.opened')).rejects.toMatchObject({
      code: 'CV_UNREADABLE',
      hint: expect.stringContaining('CV_ENCRYPTION_KEY'),
    })
    const damaged = Buffer.from(file)
    damaged[40] = (damaged[40] ?? 0) ^ 1
    await writeFile(path, damaged)
    await expect(openStoredCv(app, userId, cv.id, 'cv.opened')).rejects.toMatchObject({ code: 'CV_UNREADABLE', hint: /backup/ })
    await rm(path)
    await expect(openStoredCv(app, userId, cv.id, 'cv.opened')).rejects.toMatchObject({ code: 'CV_UNREADABLE', message: /missing/ })
    // A row without its file can still be deleted.
    await deleteCv(app, userId, cv.id)
    expect(await listCvs(app, userId)).toEqual([])
  })

  it('shows plan, balance and the latest transactions', async () => {
    await using app = await open()
    const { id: userId } = await createPerson(app)
    expect((await readAccountOverview(app.database, userId)).plan).toBeNull()
    await app.database.write(async (transaction) => {
      const plan = await transaction.subscriptionPlan.create({
        data: { slug: 'pro', name: 'Pro', description: 'All', pricePerMonth: '14.99', monthlyCredits: 150, features: { cvs: null } },
      })
      const period = { currentPeriodStart: new Date('2026-01-01T00:00:00Z'), currentPeriodEnd: new Date('2026-02-01T00:00:00Z') }
      await transaction.subscription.create({ data: { userId, planId: plan.id, status: 'CANCELED', ...period } })
      await transaction.subscription.create({ data: { userId, planId: plan.id, ...period } })
    })
    const overview = await readAccountOverview(app.database, userId)
    expect(overview.plan).toMatchObject({
      slug: 'pro',
      pricePerMonth: '14.99',
      currency: 'EUR',
      currentPeriodEnd: '2026-02-01T00:00:00.000Z',
    })
    expect(overview.balance).toBe(signUpCredits)
    expect(overview.transactions).toMatchObject([{ amount: signUpCredits, reason: 'SIGN_UP' }])
  })

  it('links an account at another provider once, refreshes its tokens, and knows roles as they are now', async () => {
    await using app = await open()
    const user = await createPerson(app)
    expect(user.email).toBe('somebody@cvsite.test')
    const account = { userId: user.id, type: 'oauth', provider: 'github', providerAccountId: '42', access_token: 'first' }
    await linkAccount(app.database, account)
    await linkAccount(app.database, { ...account, access_token: 'second' })
    expect(await findUserByAccount(app.database, account)).toMatchObject({ id: user.id })
    const rows = await app.database.read((models) => models.account.findMany())
    expect(rows.map((row) => row.access_token)).toEqual(['second'])
    expect(await findUser(app.database, user.id)).toMatchObject({ role: 'USER' })
    await app.database.write((models) => models.user.update({ where: { id: user.id }, data: { role: 'ADMIN' } }))
    expect(await findUser(app.database, user.id)).toMatchObject({ role: 'ADMIN' })
    await app.database.write((models) => models.user.delete({ where: { id: user.id } }))
    expect(await findUser(app.database, user.id)).toBeNull()
  })
})
