import { Transform } from 'node:stream'
import type { Header } from 'tar-stream'
import { z } from 'zod'
import { refused } from './member-names'

/** Follows where the members stand in the tar stream. */
export interface ArchiveLayout {
  /** Everything of the tar file goes through it. */
  readonly stream: Transform
  /** A member has come. @throws AppError BACKUP_REFUSED when something stood before it */
  take(header: Header): void
  /** The end has come. @throws AppError BACKUP_REFUSED when something but zeros stands behind the last member */
  finish(): void
}

const blockBytes = 512
/** A header of tar's extended kind and its content. */
const extensionBytes = 2 * blockBytes
/** tar-stream notes where a member's content begins; its types do not say so. */
const placed = z.object({ byteOffset: z.number().int().nonnegative() })

/**
 * Members stand one behind the other, to the byte. What lies between and behind them is skipped by us and read by other programs: a
 * global header, say, that gives every member another name. Recovered by hand such an archive would be another one than was checked here.
 */
export function createArchiveLayout(): ArchiveLayout {
  let [expected, total, lastByte] = [0, 0, 0]
  return {
    stream: new Transform({
      transform(chunk: Buffer, _encoding, done) {
        for (let at = chunk.length; at > 0; at -= 1) {
          if (chunk[at - 1] === 0) continue
          lastByte = total + at
          break
        }
        total += chunk.length
        done(null, chunk)
      },
    }),
    take(header) {
      const { byteOffset } = placed.parse(header)
      const extended = header.pax == null ? 0 : extensionBytes
      if (byteOffset !== expected + extended + blockBytes) throw refused('It contains a header that no backup contains.')
      expected = byteOffset + Math.ceil((header.size ?? 0) / blockBytes) * blockBytes
    },
    finish() {
      if (lastByte > expected) throw refused('Something stands behind its last member.')
    },
  }
}
