import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hashPassword, verifyPassword } from '@/lib/auth/password'
import { createCvStore } from '@/lib/cv/cv-store'
import type { AppDatabase } from '@/lib/database/app-database'
import { FunctionFailure } from '@/lib/verification/check-functions'
import type { FunctionCheck } from '@/lib/verification/function-report'
import { readAccountOverview } from './account-overview'
import { createAccountUser, findByEmailWithPassword, findUserByAccount, linkAccount, signUpCredits } from './accounts'
import { writtenCv } from './cv-documents'
import { createCv, deleteCv, listCvs, openStoredCv } from './cvs'
import { type FunctionCauseCode, functionCause } from './function-causes'
import { rehearse } from './rehearse'

export interface FunctionCheckOptions {
  readonly database: AppDatabase
  readonly cvFolder: string
  readonly cvKey: Buffer
}

/**
 * cvsite's functions, tried with the app's own code on the active database, each in one transaction that is rolled back:
 * no row stays, no file stays, and no one can see what was tried.
 */
export function createFunctionChecks(options: FunctionCheckOptions): readonly FunctionCheck[] {
  return [
    { name: 'password-sign-in', run: () => rehearse(options.database, trySignIn) },
    { name: 'oauth-account', run: () => rehearse(options.database, tryAccountLookup) },
    { name: 'encrypted-cv', run: () => tryCv(options) },
    { name: 'stored-cv', run: () => tryStoredCv(options) },
    { name: 'subscription-plan', run: () => rehearse(options.database, tryPlan) },
    { name: 'credit-balances', run: (signal) => checkBalances(options.database, signal) },
  ]
}

function createPerson(database: AppDatabase) {
  const email = `function-check-${randomBytes(8).toString('hex')}@example.invalid`
  return createAccountUser(database, { email, name: 'Function check', image: null, emailVerified: null })
}

async function trySignIn(database: AppDatabase) {
  const password = randomBytes(12).toString('hex')
  const passwordHash = await hashPassword(password)
  const person = await createPerson(database)
  await database.write(({ user }) => user.update({ where: { id: person.id }, data: { passwordHash } }))
  // As the sign-in form does it: other case, spaces around.
  const found = await findByEmailWithPassword(database, ` ${person.email.toUpperCase()} `)
  must(found?.id === person.id, 'account-not-found')
  must(await verifyPassword(found?.passwordHash ?? null, password), 'right-password-refused')
  must(!(await verifyPassword(found?.passwordHash ?? null, `${password}x`)), 'wrong-password-accepted')
  const stored = await database.read(({ user }) =>
    user.findMany({
      where: { passwordHash: { not: null }, id: { not: person.id } },
      select: { passwordHash: true },
      take: 1000,
      orderBy: { id: 'asc' },
    }),
  )
  const odd = stored.filter(({ passwordHash: hash }) => !/^\$argon2id\$v=\d+\$m=\d+,t=\d+,p=\d+\$[\w+/]+\$[\w+/]+$/.test(hash ?? '')).length
  must(odd === 0, 'hashes-not-whole', { count: odd })
  return { seen: stored.length }
}

async function tryAccountLookup(database: AppDatabase) {
  const person = await createPerson(database)
  const key = { provider: 'function-check', providerAccountId: randomBytes(8).toString('hex') }
  await linkAccount(database, { userId: person.id, type: 'oauth', ...key })
  must((await findUserByAccount(database, key))?.id === person.id, 'new-link-lost')
  const linked = await database.read(({ account }) =>
    account.findMany({
      where: { userId: { not: person.id } },
      select: { provider: true, providerAccountId: true, userId: true },
      take: 200,
      orderBy: { id: 'asc' },
    }),
  )
  for (const { userId, ...stored } of linked) {
    must((await findUserByAccount(database, stored))?.id === userId, 'stored-link-lost')
  }
  return { seen: linked.length }
}

async function tryCv({ database, cvKey }: FunctionCheckOptions) {
  const folder = await mkdtemp(join(tmpdir(), 'bascule-function-check-'))
  try {
    const store = createCvStore({ folder, key: cvKey })
    return await rehearse(database, async (inner) => {
      const dependencies = { database: inner, store }
      const person = await createPerson(inner)
      const secret = `Function check ${randomBytes(16).toString('hex')} — é 🦊`
      const { id } = await createCv(dependencies, person.id, writtenCv({ title: 'Function check', text: secret }))
      const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
      must(files.length === 1, 'cv-not-one-file')
      for (const file of files) must(!(await readFile(join(file.parentPath, file.name))).includes(secret), 'cv-not-encrypted')
      const { content } = await openStoredCv(dependencies, person.id, id, 'cv.opened')
      must(content.toString('utf8').includes(secret), 'cv-other-content')
      must((await readAccountOverview(inner, person.id)).balance === signUpCredits - 1, 'cv-not-paid')
      await deleteCv(dependencies, person.id, id)
      must((await listCvs({ database: inner }, person.id)).length === 0, 'cv-still-listed')
      const left = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
      must(left.length === 0, 'cv-file-left')
      return { seen: 1 }
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The newest CV that somebody really has, opened with today's key; nobody sees its content. */
function tryStoredCv({ database, cvFolder, cvKey }: FunctionCheckOptions) {
  const store = createCvStore({ folder: cvFolder, key: cvKey })
  return rehearse(database, async (inner) => {
    const newest = await inner.read(({ cvFile }) =>
      cvFile.findFirst({ select: { id: true, userId: true, sizeBytes: true }, orderBy: [{ createdAt: 'desc' }, { id: 'asc' }] }),
    )
    if (!newest) return { unknown: functionCause('no-cv') }
    const { content } = await openStoredCv({ database: inner, store }, newest.userId, newest.id, 'cv.opened')
    must(content.length === newest.sizeBytes, 'cv-other-length')
    return { seen: 1 }
  })
}

async function tryPlan(database: AppDatabase) {
  const subscribers = await database.read(({ subscription }) =>
    subscription.findMany({
      where: { status: { in: ['TRIALING', 'ACTIVE', 'PAST_DUE'] } },
      select: { userId: true },
      distinct: ['userId'],
      orderBy: { userId: 'asc' },
      take: 50,
    }),
  )
  if (subscribers.length === 0) return { unknown: functionCause('no-subscriber') }
  for (const { userId } of subscribers) {
    const { plan } = await readAccountOverview(database, userId)
    must(plan !== null && /^\d+(\.\d+)?$/.test(plan.pricePerMonth) && plan.name !== '', 'plan-not-shown')
  }
  return { seen: subscribers.length }
}

const pageSize = 1_000

/** Every balance against the sum of its user's ledger, a page of users at a time. */
async function checkBalances(database: AppDatabase, signal: AbortSignal) {
  let seen = 0
  let wrong = 0
  for (let after = ''; ; ) {
    signal.throwIfAborted()
    const page = await database.read(async ({ creditBalance, creditTransaction }) => {
      const balances = await creditBalance.findMany({ where: { userId: { gt: after } }, orderBy: { userId: 'asc' }, take: pageSize })
      const userIds = balances.map(({ userId }) => userId)
      const sums = await creditTransaction.groupBy({ by: ['userId'], where: { userId: { in: userIds } }, _sum: { amount: true } })
      return { balances, sums: new Map(sums.map(({ userId, _sum }) => [userId, _sum.amount ?? 0])) }
    })
    wrong += page.balances.filter(({ userId, balance }) => balance !== (page.sums.get(userId) ?? 0)).length
    seen += page.balances.length
    const last = page.balances.at(-1)
    if (!last || page.balances.length < pageSize) break
    after = last.userId
  }
  must(wrong === 0, 'balances-wrong', { count: wrong, all: seen })
  return seen === 0 ? { unknown: functionCause('no-credits') } : { seen }
}

function must(condition: boolean, code: FunctionCauseCode, params?: Readonly<Record<string, number>>): asserts condition {
  if (!condition) throw new FunctionFailure(functionCause(code, params))
}
