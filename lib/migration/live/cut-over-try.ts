import { type Laps, lapWords, startLaps } from './laps'

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
  return lapWords({ wake: wakeMs, 'last round': drainMs, record: recordMs, flip: flipMs })
}

export type SwitchLaps = Laps<'wakeMs' | 'drainMs' | 'recordMs' | 'flipMs'>

export const startSwitchLaps = (): SwitchLaps => startLaps({ wakeMs: 0, drainMs: 0, recordMs: 0, flipMs: 0 })
