import { createHash } from 'node:crypto'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { AppError } from '@/lib/core/errors'

/** Counts failed sign-ins and refuses further ones for a while. */
export interface SignInLimits {
  /**
   * Counts an attempt before its password is looked at, so that attempts made at once cannot pass together.
   * @throws AppError RATE_LIMITED (retryable) with the minutes to wait
   */
  countAttempt(email: string, address: string): Promise<void>
  /** Takes back what the attempts of this account counted: its owner has signed in. */
  forgive(email: string, address: string): Promise<void>
}

export interface SignInLimitsOptions {
  /** Attempts on one account from one address. Default: 10 in 15 minutes. */
  readonly perAccountAndAddress?: number
  /** Attempts from one address, whichever the account. Default: 60 in 15 minutes. */
  readonly perAddress?: number
  /** Attempts on one account from everywhere. Default: 100 in 15 minutes, so that a stranger cannot easily lock its owner out. */
  readonly perAccount?: number
}

const windowSeconds = 15 * 60

/** Limits kept in the memory of this process; each process of a larger installation counts for itself. */
export function createSignInLimits(options: SignInLimitsOptions = {}): SignInLimits {
  const limiter = (name: string, points: number) => new RateLimiterMemory({ keyPrefix: name, points, duration: windowSeconds })
  const pair = limiter('pair', options.perAccountAndAddress ?? 10)
  const source = limiter('source', options.perAddress ?? 60)
  const account = limiter('account', options.perAccount ?? 100)
  return {
    countAttempt: async (email, address) => {
      try {
        await pair.consume(pairKey(email, address))
        await source.consume(address)
        await account.consume(accountKey(email))
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw refusal
        const minutes = Math.max(1, Math.ceil(refusal.msBeforeNext / 60_000))
        throw new AppError({
          code: 'RATE_LIMITED',
          operation: 'sign in',
          message: 'Too many sign-in attempts.',
          hint: `Try again in ${minutes} minute${minutes === 1 ? '' : 's'}.`,
          retryable: true,
          cause: refusal,
        })
      }
    },
    forgive: async (email, address) => {
      await Promise.all([pair.delete(pairKey(email, address)), account.delete(accountKey(email)), source.reward(address, 1)])
    },
  }
}

/** Attempts are kept under a digest: what people mistype in the field (a password, at times) is not kept. */
function accountKey(email: string): string {
  return createHash('sha256').update(email.trim().toLowerCase()).digest('base64url')
}

function pairKey(email: string, address: string): string {
  return `${accountKey(email)} ${address}`
}
