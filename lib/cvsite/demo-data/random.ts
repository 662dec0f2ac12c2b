import { createHash } from 'node:crypto'

/** Pseudo-random choices that are the same for the same seed, on every machine. */
export interface Random {
  /** At least 0, below 1. */
  fraction(): number
  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number
  /** One of the choices, of which there must be some. */
  pick<T>(choices: readonly T[]): T
  chance(probability: number): boolean
  /** Characters from a–z and 0–9. */
  letters(length: number): string
  /** An id in the form that Prisma's cuid() has: "c" and 24 characters. */
  cuid(): string
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789'

/**
 * A generator for one scope of a seed ("7", "user 12"). Each user has one of their own, so that a user's rows
 * do not depend on how many others there are.
 */
export function createRandom(seed: string, scope: string): Random {
  const digest = createHash('sha256')
    .update(JSON.stringify([seed, scope]))
    .digest()
  const next = sfc32(digest.readUInt32LE(0), digest.readUInt32LE(4), digest.readUInt32LE(8), digest.readUInt32LE(12))
  const integer = (min: number, max: number) => min + Math.floor(next() * (max - min + 1))
  const letters = (length: number) => {
    let text = ''
    for (let count = 0; count < length; count++) text += alphabet[integer(0, 35)]
    return text
  }
  return {
    fraction: next,
    integer,
    pick: <T>(choices: readonly T[]) => {
      // The index is inside, and an element may itself be null: only an empty list has nothing to give.
      if (choices.length === 0) throw new RangeError('There is nothing to pick from.')
      return choices[integer(0, choices.length - 1)] as T
    },
    chance: (probability) => next() < probability,
    letters,
    cuid: () => `c${letters(24)}`,
  }
}

/** Chris Doty-Humphrey's sfc32: small, fast, passes PractRand; integer operations only, so equal everywhere. */
function sfc32(a: number, b: number, c: number, counter: number): () => number {
  return () => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    c |= 0
    return (sum >>> 0) / 4_294_967_296
  }
}
