/** One attempt, and where its time went, in milliseconds. */
export interface SwitchTry {
  readonly limitMs: number
  /** For a writer of the file to end, so that the guards could wake. */
  readonly wakeMs: number
  /** For the last round. */
  readonly drainMs: number
  /** For the transaction with the record. */
  readonly recordMs: number
  /** For the fence and the flip. */
  readonly flipMs: number
  /** Where the limit was passed; null when it was not. */
  readonly lateIn: 'wake' | 'drain' | 'record' | null
}

/** What took an attempt beyond its limit, for people. */
export const lateWords = { wake: 'a writer that did not end', drain: 'the last round', record: 'the record' } as const

/** Where the time of an attempt went, for people. */
export function wordsOf({ wakeMs, drainMs, recordMs, flipMs }: SwitchTry): string {
  const parts = { wake: wakeMs, 'last round': drainMs, record: recordMs, flip: flipMs }
  return Object.entries(parts)
    .map(([name, ms]) => `${name} ${Math.round(ms)}`)
    .join(', ')
}

type Lap = 'wake' | 'drain' | 'record' | 'flip'

export interface StopWatch {
  /** Ends a lap. */
  lap(name: Lap): void
  elapsedMs(): number
  laps(): Pick<SwitchTry, `${Lap}Ms`>
}

export function stopWatch(): StopWatch {
  const started = performance.now()
  let last = started
  const laps = { wakeMs: 0, drainMs: 0, recordMs: 0, flipMs: 0 }
  return {
    lap: (name) => {
      const now = performance.now()
      laps[`${name}Ms`] = now - last
      last = now
    },
    elapsedMs: () => performance.now() - started,
    laps: () => ({ ...laps }),
  }
}
