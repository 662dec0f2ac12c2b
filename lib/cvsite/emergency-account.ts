import { checkCredentials } from '@/lib/auth/credentials'
import type { SignInLimits } from '@/lib/auth/sign-in-limits'
import { createAppDatabase } from '@/lib/database/app-database'
import { findByEmailWithPassword, findUser } from './accounts'

export interface EmergencyAccounts {
  /** The SQLite file that the app left; only read. */
  readonly sqlitePath: string
  /** Who the administrators were when PostgreSQL was last seen; null when that is not known, and the copy decides. */
  readonly administrators: readonly string[] | null
  readonly limits: SignInLimits
}

/**
 * The administrator that e-mail and password belong to, by the accounts as they were at the switch: for who has to act while
 * PostgreSQL, where the accounts are, is gone. Null for anybody else, after the same time.
 *
 * Somebody who has lost the role since is refused by the list that was kept while PostgreSQL was there. A password that was
 * changed since is the old one here.
 *
 * @throws AppError RATE_LIMITED, SOURCE_*
 */
export async function checkEmergencyAccount(
  { sqlitePath, administrators, limits }: EmergencyAccounts,
  input: unknown,
  address: string,
): Promise<{ readonly id: string; readonly email: string } | null> {
  const database = openCopy(sqlitePath)
  try {
    const account = await checkCredentials({ findByEmail: (email) => findByEmailWithPassword(database, email), limits }, input, address)
    if (!account) return null
    const isAdministrator = administrators?.includes(account.id) ?? (await findUser(database, account.id))?.role === 'ADMIN'
    return isAdministrator ? { id: account.id, email: account.email } : null
  } finally {
    await database.close()
  }
}

/** The e-mail address of a user of the copy. */
export async function findEmergencyEmail(sqlitePath: string, userId: string): Promise<string | null> {
  const database = openCopy(sqlitePath)
  try {
    return (await findUser(database, userId))?.email ?? null
  } finally {
    await database.close()
  }
}

function openCopy(sqlitePath: string) {
  return createAppDatabase({ readState: async () => ({ status: 'on-sqlite' }), sqlitePath, openTarget: () => '' })
}
