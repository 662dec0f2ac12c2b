import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'

/** What is limited: what costs the server or somebody else's. */
export type RateLimitName = 'job-start' | 'target-test' | 'reveal' | 'browse' | 'diagnosis' | 'refusal-audit'

export interface RateLimits {
  /** Takes one of the allowance. @returns 0 when it was there, otherwise the seconds until there is one again */
  take(name: RateLimitName, key: string): Promise<number>
}

/** Calls allowed to one person in a minute. refusal-audit bounds what strangers can make us store. */
const perMinute: Record<RateLimitName, number> = {
  'job-start': 20,
  'target-test': 20,
  reveal: 60,
  browse: 120,
  diagnosis: 180,
  'refusal-audit': 30,
}

/** Counts in memory: one web process is what this app runs as, and a restart forgives. */
export function createRateLimits(): RateLimits {
  const limiters = new Map(Object.entries(perMinute).map(([name, points]) => [name, new RateLimiterMemory({ points, duration: 60 })]))
  return {
    take: async (name, key) => {
      try {
        await limiters.get(name)?.consume(key)
        return 0
      } catch (refusal) {
        if (refusal instanceof RateLimiterRes) return Math.max(1, Math.ceil(refusal.msBeforeNext / 1000))
        throw refusal
      }
    },
  }
}
