import { collector } from './collector'

/** How much flows through between two looks, in bytes. */
const everyBytes = 8 * 1024 * 1024

/**
 * Lets a long stream's buffers go while it runs. V8 counts them as the small objects that point to them, and keeps more than a hundred MiB of
 * buffers that nobody holds before it looks; a look at the young ones alone takes half a millisecond. Where V8 does not lend its collector
 * (only scripts/launch.mjs asks for it) this does nothing.
 *
 * @returns to be called with the bytes that have flowed so far
 */
export function createBufferRelease(): (bytesDone: number) => void {
  const collect = globalThis.gc
  let next = everyBytes
  return (bytesDone) => {
    if (bytesDone < next || collect === undefined) return
    next = bytesDone + everyBytes
    collect({ type: 'minor', execution: 'sync' })
  }
}

/**
 * Lets go now of every buffer that nobody holds, old ones too: for a few steps with megabytes each, since it looks at the whole heap of this
 * thread (some 5 ms where that is small).
 */
export function releaseBuffers(): void {
  collector()()
}
