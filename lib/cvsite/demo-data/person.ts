import type { Random } from './random'

/** The present of every data set, so that dates are the same whenever it is made. */
export const presentMs = Date.UTC(2026, 2, 1, 12, 0, 0)
export const dayMs = 24 * 60 * 60 * 1000

/** A user while their rows are made. */
export interface Person {
  readonly id: string
  readonly name: string | null
  readonly createdMs: number
  readonly random: Random
}

/** A moment of this person's time here. */
export function momentOf({ random, createdMs }: Person): number {
  return createdMs + Math.floor(random.fraction() * (presentMs - createdMs))
}

/** What `make` gives for each of so many calls. */
export function repeat<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index))
}
