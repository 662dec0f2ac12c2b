import type { DatabaseError } from 'pg'

/** Where in the data of a COPY the server found a fault; null for what it does not say. */
export interface CopyPlace {
  /** From 1. */
  readonly line: number | null
  readonly column: string | null
}

/**
 * Reads the place out of the context that PostgreSQL gives with an error. Above its line about COPY may stand one about JSON, which counts
 * the lines of the value.
 */
export function placeInCopy(error: DatabaseError): CopyPlace {
  const [, line, column] = /^COPY .*, line (\d+)(?:, column ([^:]+))?/m.exec(error.where ?? '') ?? []
  return { line: line === undefined ? null : Number(line), column: error.column ?? column ?? null }
}
