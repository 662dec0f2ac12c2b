import { z } from 'zod'
import { AppError } from '@/lib/core/errors'
import { verifyPassword } from './password'
import type { SignInLimits } from './sign-in-limits'

export interface AccountWithPassword {
  readonly id: string
  readonly email: string
  readonly name: string | null
  readonly passwordHash: string | null
}

export interface CredentialCheck {
  /** The account with this email address (already trimmed and in lower case), or null. */
  readonly findByEmail: (email: string) => Promise<AccountWithPassword | null>
  readonly limits: SignInLimits
}

const credentialsSchema = z.object({
  email: z.string().transform(normaliseEmail).pipe(z.email().max(254)),
  password: z.string().min(1).max(1_000),
})

/** Addresses are stored and looked up in one form: trimmed, in lower case. */
export function normaliseEmail(email: string): string {
  return email.trim().toLowerCase()
}

/**
 * The account that email and password belong to, or null: the same null, after the same time, for an
 * unknown address, an account without password and a wrong password.
 *
 * @param address the network address that the attempt comes from
 * @throws AppError RATE_LIMITED after too many attempts
 */
export async function checkCredentials(check: CredentialCheck, input: unknown, address: string): Promise<AccountWithPassword | null> {
  const parsed = credentialsSchema.safeParse(input)
  if (!parsed.success) return null
  const { email, password } = parsed.data
  await check.limits.countAttempt(email, address)
  const account = await check.findByEmail(email)
  if (!(await verifyPassword(account?.passwordHash ?? null, password)) || account === null) return null
  await check.limits.forgive(email, address)
  return account
}

/** Whether an error is the refusal of too many attempts. */
export function isRateLimited(error: unknown): error is AppError {
  return error instanceof AppError && error.code === 'RATE_LIMITED'
}
