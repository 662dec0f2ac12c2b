import type { Readable } from 'node:stream'
import type { ByteRange } from './storage'

/** An archive that is read from elsewhere than this disk, as it streams; no temporary file comes into being. */
export interface ArchiveStream {
  /** The destination that has it. */
  readonly destinationId: string
  /** For people: where it lies. */
  readonly label: string
  readonly sizeBytes: number
  open(signal: AbortSignal, range?: ByteRange): Promise<Readable>
  /** Gives the connection back. */
  close(): void
}

/** Where an archive is read from: a path on this disk, or a stream from a destination. */
export type ArchivePlace = string | ArchiveStream
