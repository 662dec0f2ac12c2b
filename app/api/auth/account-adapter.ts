import type { Adapter, AdapterUser } from 'next-auth/adapters'
import {
  type AccountUser,
  createAccountUser,
  findAccountUser,
  findAccountUserByEmail,
  findUserByAccount,
  linkAccount,
  updateAccountUser,
} from '@/lib/cvsite/accounts'
import type { AppDatabase } from '@/lib/database/app-database'

/**
 * Users and linked accounts for next-auth, on whichever database is active. Sessions are not here: they are
 * in a cookie. An address that already has an account is never linked to a new provider by itself; next-auth
 * then answers OAuthAccountNotLinked and the sign-in page says what to do.
 */
export function createAccountAdapter(database: AppDatabase): Adapter {
  return {
    createUser: async (user: Omit<AdapterUser, 'id'>) =>
      createAccountUser(database, {
        email: user.email,
        name: user.name ?? null,
        image: user.image ?? null,
        emailVerified: user.emailVerified,
      }),
    getUser: async (id) => known(await findAccountUser(database, id)),
    getUserByEmail: async (email) => known(await findAccountUserByEmail(database, email)),
    getUserByAccount: async (key) => known(await findUserByAccount(database, key)),
    updateUser: async ({ id, name, image, emailVerified }) => updateAccountUser(database, id, { name, image, emailVerified }),
    linkAccount: async (account: Parameters<typeof linkAccount>[1]) => linkAccount(database, account),
  }
}

function known(user: AccountUser | null): AdapterUser | null {
  return user
}
