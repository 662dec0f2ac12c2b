import type { SessionUser } from '@/lib/auth/roles'
import { AppError } from '@/lib/core/errors'
import { hasRecentAuthentication } from './session'

/** Before what destroys, reveals or takes away data. @throws AppError CONFIRMATION_REQUIRED when the password was given longer ago than ten minutes */
export async function requireRecentAuthentication(user: SessionUser, operation: string): Promise<void> {
  if (await hasRecentAuthentication(user)) return
  throw new AppError({
    code: 'CONFIRMATION_REQUIRED',
    operation,
    message: 'Give your password again first.',
    hint: 'The password counts for ten minutes.',
  })
}
