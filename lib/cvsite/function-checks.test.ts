import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, inject, it } from 'vitest'
import { checkFunctions } from '@/lib/verification/check-functions'
import { createTestApp, type TestApp, testCvKey } from '@/tests/support/cvsite-app'
import { createAccountUser, linkAccount } from './accounts'
import { writtenCv } from './cv-documents'
import { createCv } from './cvs'
import { createFunctionChecks } from './function-checks'

const engines = [
  { name: 'SQLite', open: () => createTestApp({ start: 'sqlite' }) },
  ...inject('postgresServers').map((server) => ({ name: server.name, open: () => createTestApp({ server, start: 'postgresql' }) })),
]

const run = async (app: TestApp, cvKey = testCvKey) => {
  const checks = createFunctionChecks({ database: app.database, cvFolder: app.cvFolder, cvKey })
  const { status, outcomes } = await checkFunctions(
    checks,
    { engine: 'sqlite', label: 'test' },
    () => undefined,
    new AbortController().signal,
  )
  return { status, ...Object.fromEntries(outcomes.map((outcome) => [outcome.name, [outcome.status, outcome.seen, outcome.reason]])) }
}

/** Rows of every table that a function writes to. */
const countAll = (app: TestApp) =>
  app.database.read(async (models) => [
    await models.user.count(),
    await models.account.count(),
    await models.cvFile.count(),
    await models.creditBalance.count(),
    await models.creditTransaction.count(),
    await models.telemetryEvent.count(),
    await models.featureUsage.count(),
  ])

async function fill(app: TestApp) {
  const person = await createAccountUser(app.database, { email: 'a@example.org', name: 'A', image: null, emailVerified: null })
  await linkAccount(app.database, { userId: person.id, type: 'oauth', provider: 'github', providerAccountId: '1' })
  await createCv(app, person.id, writtenCv({ title: 'Mine', text: 'Some text' }))
  await app.database.write(async ({ subscriptionPlan, subscription }) => {
    const plan = await subscriptionPlan.create({
      data: { slug: 'pro', name: 'Pro', description: 'x', pricePerMonth: '14.99', currency: 'EUR', monthlyCredits: 10, features: [] },
    })
    const at = new Date()
    await subscription.create({
      data: {
        userId: person.id,
        planId: plan.id,
        status: 'ACTIVE',
        currentPeriodStart: at,
        currentPeriodEnd: new Date(at.getTime() + 864e5),
      },
    })
  })
  return person
}

describe.each(engines)('the functions on $name', ({ open }) => {
  it('are unknown where there is nothing to try them on, and pass on a filled database, leaving nothing behind', async () => {
    await using app = await open()
    expect(await run(app)).toMatchObject({
      status: 'unknown',
      'password-sign-in': ['passed', 0, null],
      'encrypted-cv': ['passed', 1, null],
      'stored-cv': ['unknown', 0, 'There is no CV yet.'],
      'subscription-plan': ['unknown', 0, 'Nobody has a running subscription.'],
    })
    await fill(app)
    const before = await countAll(app)
    const files = await app.cvFileNames()
    expect(await run(app)).toEqual({
      status: 'passed',
      'password-sign-in': ['passed', 0, null],
      'oauth-account': ['passed', 1, null],
      'encrypted-cv': ['passed', 1, null],
      'stored-cv': ['passed', 1, null],
      'subscription-plan': ['passed', 1, null],
      'credit-balances': ['passed', 1, null],
    })
    expect(await countAll(app)).toEqual(before)
    expect(await app.cvFileNames()).toEqual(files)
  })

  it('fail for a wrong balance, a damaged hash, another key and a lost file, each by itself', async () => {
    await using app = await open()
    const person = await fill(app)
    await app.database.write(async ({ creditBalance, user }) => {
      await creditBalance.update({ where: { userId: person.id }, data: { balance: 1_000 } })
      await user.update({ where: { id: person.id }, data: { passwordHash: '$argon2id$v=19$m=1' } })
    })
    expect(await run(app, Buffer.alloc(32, 9))).toMatchObject({
      status: 'failed',
      'password-sign-in': ['failed', 0, '1 stored password hashes are not whole.'],
      'oauth-account': ['passed', 1, null],
      'encrypted-cv': ['passed', 1, null],
      'stored-cv': ['failed', 0, expect.any(String)],
      'credit-balances': ['failed', 0, '1 of 1 balances are not the sum of their transactions.'],
    })
    await rm(join(app.cvFolder), { recursive: true })
    expect(await run(app)).toMatchObject({ 'stored-cv': ['failed', 0, 'The file of the CV is missing.'] })
  })
})
