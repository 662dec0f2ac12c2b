/** Time as a dependency, so that leases and schedules can be tested without waiting. */
export interface Clock {
  /** The present instant. */
  now(): Date
}

export const systemClock: Clock = { now: () => new Date() }
