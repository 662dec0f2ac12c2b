import { normaliseEmail } from '@/lib/auth/credentials'
import type { Role } from '@/lib/auth/roles'
import type { AppDatabase } from '@/lib/database/app-database'
import { giveCredits } from './credits'
import { recordTelemetry } from './telemetry'

/** What a sign-in needs to know of a user. */
export interface AccountUser {
  readonly id: string
  readonly email: string
  readonly name: string | null
  readonly image: string | null
  readonly emailVerified: Date | null
}

/** An account at another provider, as next-auth hands it over. */
export interface LinkedAccount {
  readonly userId: string
  readonly type: string
  readonly provider: string
  readonly providerAccountId: string
  readonly refresh_token?: string | null
  readonly access_token?: string | null
  readonly expires_at?: number | null
  readonly token_type?: string | null
  readonly scope?: string | null
  readonly id_token?: string | null
  readonly session_state?: string | null
}

/** Credits that every new user starts with. */
export const signUpCredits = 10

const accountFields = { id: true, email: true, name: true, image: true, emailVerified: true } as const

/** The user with this address and their password hash; null when nobody has it. */
export function findByEmailWithPassword(database: AppDatabase, email: string) {
  return database.read(({ user }) =>
    user.findUnique({ where: { email: normaliseEmail(email) }, select: { ...accountFields, passwordHash: true } }),
  )
}

/** The password hash of a user, null for one who signs in elsewhere or does not exist. */
export async function findPasswordHash(database: AppDatabase, userId: string): Promise<string | null> {
  const found = await database.read(({ user }) => user.findUnique({ where: { id: userId }, select: { passwordHash: true } }))
  return found?.passwordHash ?? null
}

/** A user as the active database knows them now, role included; null when there is none. */
export function findUser(
  database: AppDatabase,
  id: string,
): Promise<{ id: string; email: string; name: string | null; role: Role } | null> {
  return database.read(({ user }) => user.findUnique({ where: { id }, select: { id: true, email: true, name: true, role: true } }))
}

/** Ids of the users who may use the admin area, as the active database has them now. */
export async function listAdministrators(database: AppDatabase): Promise<readonly string[]> {
  const found = await database.read(({ user }) => user.findMany({ where: { role: 'ADMIN' }, select: { id: true }, orderBy: { id: 'asc' } }))
  return found.map(({ id }) => id)
}

export function findAccountUser(database: AppDatabase, id: string): Promise<AccountUser | null> {
  return database.read(({ user }) => user.findUnique({ where: { id }, select: accountFields }))
}

export function findAccountUserByEmail(database: AppDatabase, email: string): Promise<AccountUser | null> {
  return database.read(({ user }) => user.findUnique({ where: { email: normaliseEmail(email) }, select: accountFields }))
}

/** The user that an account at another provider is linked to. */
export async function findUserByAccount(
  database: AppDatabase,
  key: { readonly provider: string; readonly providerAccountId: string },
): Promise<AccountUser | null> {
  const { provider, providerAccountId } = key
  const linked = await database.read(({ account }) =>
    account.findUnique({
      where: { provider_providerAccountId: { provider, providerAccountId } },
      select: { user: { select: accountFields } },
    }),
  )
  return linked?.user ?? null
}

/** Creates a user with their first credits. Throws APP_READ_ONLY during a migration. */
export function createAccountUser(database: AppDatabase, input: Omit<AccountUser, 'id'>): Promise<AccountUser> {
  const { name, image, emailVerified } = input
  return database.write(async (transaction) => {
    const user = await transaction.user.create({
      data: { email: normaliseEmail(input.email), name, image, emailVerified },
      select: accountFields,
    })
    await giveCredits(transaction, { userId: user.id, amount: signUpCredits, reason: 'SIGN_UP', note: null })
    await recordTelemetry(transaction, { userId: user.id, type: 'account.created', path: '/sign-in' })
    return user
  })
}

/** Changes what a provider may tell anew about a user: name, picture, verified address. */
export function updateAccountUser(
  database: AppDatabase,
  id: string,
  change: { readonly [Field in 'name' | 'image' | 'emailVerified']?: AccountUser[Field] | undefined },
): Promise<AccountUser> {
  const data = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
  return database.write(({ user }) => user.update({ where: { id }, data, select: accountFields }))
}

/** Links an account at another provider to a user; linking it again refreshes its tokens. */
export async function linkAccount(database: AppDatabase, account: LinkedAccount): Promise<void> {
  const { userId, type, provider, providerAccountId } = account
  const tokens = {
    refresh_token: account.refresh_token ?? null,
    access_token: account.access_token ?? null,
    expires_at: account.expires_at ?? null,
    token_type: account.token_type ?? null,
    scope: account.scope ?? null,
    id_token: account.id_token ?? null,
    session_state: account.session_state ?? null,
  }
  await database.write(async (transaction) => {
    await transaction.account.upsert({
      where: { provider_providerAccountId: { provider, providerAccountId } },
      create: { userId, type, provider, providerAccountId, ...tokens },
      update: tokens,
    })
    await recordTelemetry(transaction, { userId, type: 'account.linked', properties: { provider } })
  })
}
