import { type Laps, lapWords, startLaps } from './laps'

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

/** What took an attempt beyond its limit, for people. */
export const backLateWords = { ended: 'a writer that did not end', carry: 'the last round' } as const

/** Where the time of an attempt went, for people. */
export function backWordsOf({ fenceMs, endedMs, carryMs, flipMs }: BackTry): string {
  return lapWords({ fence: fenceMs, writers: endedMs, 'last round': carryMs, flip: flipMs })
}

export const startBackLaps = (): Laps<'fenceMs' | 'endedMs' | 'carryMs' | 'flipMs'> =>
  startLaps({ fenceMs: 0, endedMs: 0, carryMs: 0, flipMs: 0 })
