import type { Environment } from '@/lib/config/environment'
import type { ActiveState, SealedTarget } from '@/lib/control/active-state'
import { sealSecret } from '@/lib/control/secrets'
import { parseTargetUrl, targetLabel } from '@/lib/postgres/target-url'

/**
 * A target as it is stored: the URL checked and sealed, and what may be shown of it.
 *
 * @param allowPrivate whether it may lie in a private network; true for a URL from the server's own environment
 * @throws AppError TARGET_URL_INVALID or TARGET_URL_REFUSED
 */
export function sealTarget(url: string, allowPrivate: boolean, nextAuthSecret: string): SealedTarget {
  const label = targetLabel(parseTargetUrl(url, { allowPrivate }))
  return { sealedUrl: sealSecret(url.trim(), nextAuthSecret), label }
}

/** The state that an installation starts in, as DATABASE_URL has it, when none was ever recorded. */
export function initialState(environment: Environment, now: Date): ActiveState {
  if (environment.database.engine === 'sqlite') return { status: 'on-sqlite' }
  const target = sealTarget(environment.database.url, true, environment.nextAuthSecret)
  return { status: 'on-postgresql', jobId: null, target, since: now.toISOString() }
}
