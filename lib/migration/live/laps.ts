/** A stopwatch of one attempt: how long each of its steps took, in milliseconds. */
export interface Laps<Name extends string> {
  /** Ends a lap; the next one begins. */
  lap(name: Name): void
  /** Since the start. */
  elapsedMs(): number
  /** Of each step; 0 where it was not come to. */
  taken(): Readonly<Record<Name, number>>
}

/** @param none every step, at 0 */
export function startLaps<Name extends string>(none: Readonly<Record<Name, number>>): Laps<Name> {
  const started = performance.now()
  let last = started
  const taken: Record<Name, number> = { ...none }
  return {
    lap: (name) => {
      const now = performance.now()
      taken[name] += now - last
      last = now
    },
    elapsedMs: () => performance.now() - started,
    taken: () => ({ ...taken }),
  }
}

/** Where the time of an attempt went, for people: "wake 3, last round 40". */
export function lapWords(parts: Readonly<Record<string, number>>): string {
  return Object.entries(parts)
    .map(([name, ms]) => `${name} ${Math.round(ms)}`)
    .join(', ')
}
