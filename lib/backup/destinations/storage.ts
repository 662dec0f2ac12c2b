import type { Readable } from 'node:stream'
import type { StoredArchive } from './destination'

/** A part of a file: from `start`, to `end` inclusive or to its end. */
export interface ByteRange {
  readonly start: number
  readonly end?: number
}

export interface PutOptions {
  /** Name of the archive; where it lies below the destination is the destination's own business. */
  readonly key: string
  /** The archive on this machine. */
  readonly path: string
  readonly sizeBytes: number
  /** Of the whole archive, hex: what arrives must have it. */
  readonly sha256: string
  /** Bytes sent so far. */
  readonly onProgress: (bytesDone: number) => void
  readonly signal: AbortSignal
}

/**
 * A place for copies of archives. Whatever kind it is, these hold:
 * - `put` shows the archive under its key only when all of it is there, with the size and the sum given; when it throws,
 *   nothing of it stays, as far as the other side can be reached;
 * - `sweep` removes what a killed `put` of a key may have left, and nothing of anybody else;
 * - what is not there is an answer (null), not an error, and removing it again is none either.
 *
 * @throws AppError DESTINATION_FAILED with what the other side said; CANCELLED
 */
export interface Storage {
  put(options: PutOptions): Promise<void>
  /** Streams an archive; goes on by itself where a connection broke. */
  get(key: string, signal: AbortSignal, range?: ByteRange): Promise<Readable>
  /** Size in bytes; null when there is none. */
  sizeOf(key: string, signal: AbortSignal): Promise<number | null>
  /** Archives of ours that lie there, newest first. */
  list(signal: AbortSignal): Promise<readonly StoredArchive[]>
  remove(key: string, signal: AbortSignal): Promise<void>
  sweep(key: string, signal: AbortSignal): Promise<void>
  /** Whether it is there and lets us in; what we may do there is not asked. */
  reach(signal: AbortSignal): Promise<void>
  /** Writes and reads small content under a name of its own; for the test of the destination. */
  writeProbe(name: string, content: Buffer, signal: AbortSignal): Promise<void>
  readProbe(name: string, signal: AbortSignal): Promise<Buffer>
  listProbe(name: string, signal: AbortSignal): Promise<boolean>
  removeProbe(name: string, signal: AbortSignal): Promise<void>
  /** Gives connections back. */
  close(): void
}
