import { collector } from '@/lib/core/collector'

/**
 * Bytes read between two collections. V8 counts them among the old objects as well, of which `--optimize-for-size` allows a third more than
 * there are: 8 MB apart both threads collected everything 29 times while 350 MB were copied, 2 MB apart not once; 0.4 s less of 7.2 s of
 * processor time.
 */
const bytesAtOnce = 2 * 1024 * 1024

let read = 0

/**
 * Notes that pages of so many bytes were read and are not needed any more, and has them freed now and then. They lie
 * outside of V8's heap, of which a thread that copies uses next to nothing: left to itself it collects only when 64 MB of
 * dead pages have piled up, in each thread. Measured on 1.5 million rows: 235 MiB at the peak so, 173 with this and the
 * smaller caches of SQLite; a collection of the young generation takes 0.2 ms here.
 */
export function freePages(bytes: number): void {
  read += bytes
  if (read < bytesAtOnce) return
  read = 0
  collector()({ type: 'minor' })
}
