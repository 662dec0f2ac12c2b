/** One attempt of the way back, and where its time went, in milliseconds. */
export interface BackTry {
  readonly limitMs: number
  /** From the guards to the last of it: how long writes waited. */
  readonly freezeMs: number
  /** For the guards of PostgreSQL to wake. */
  readonly fenceMs: number
  /** For writers that were past them to end. */
  readonly endedMs: number
  /** For the last round, with the sequences. */
  readonly carryMs: number
  /** For the flip and SQLite's fence; of an attempt that was given up, for PostgreSQL's guards to sleep again. */
  readonly flipMs: number
  /** Where the limit was passed; null when it was not. */
  readonly lateIn: 'ended' | 'carry' | null
}

type Lap = 'fence' | 'ended' | 'carry' | 'flip'

/** What took an attempt beyond its limit, for people. */
export const backLateWords = { ended: 'a writer that did not end', carry: 'the last round' } as const

/** Where the time of an attempt went, for people. */
export function backWordsOf({ fenceMs, endedMs, carryMs, flipMs }: BackTry): string {
  const parts = { fence: fenceMs, writers: endedMs, 'last round': carryMs, flip: flipMs }
  return Object.entries(parts)
    .map(([name, ms]) => `${name} ${Math.round(ms)}`)
    .join(', ')
}

export interface BackWatch {
  /** Ends a lap. */
  lap(name: Lap): void
  elapsedMs(): number
  made(lateIn: BackTry['lateIn']): BackTry
}

export function backWatch(limitMs: number): BackWatch {
  const started = performance.now()
  let last = started
  const laps = { fenceMs: 0, endedMs: 0, carryMs: 0, flipMs: 0 }
  return {
    lap: (name) => {
      const now = performance.now()
      laps[`${name}Ms`] += now - last
      last = now
    },
    elapsedMs: () => performance.now() - started,
    made: (lateIn) => ({ limitMs, freezeMs: performance.now() - started, ...laps, lateIn }),
  }
}
