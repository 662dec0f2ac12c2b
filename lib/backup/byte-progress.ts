import type { Report } from '@/lib/core/progress'
import { createBufferRelease } from '@/lib/core/release-buffers'

/** How often progress is said, at most, in milliseconds. */
const everyMs = 200
/** The rate is that of the last so many milliseconds. */
const windowMs = 5_000

export interface ByteProgress {
  /** All bytes done so far in this phase. */
  readonly update: (bytesDone: number) => void
  /** Says the last figure. */
  finish(): void
}

/** Progress of a phase that is measured in bytes: done, of how many, rate over the last seconds, time left. */
export function createByteProgress(phase: string, bytesTotal: number | null, report: Report): ByteProgress {
  const marks: { at: number; bytes: number }[] = [{ at: performance.now(), bytes: 0 }]
  let saidAt = Number.NEGATIVE_INFINITY
  let latest = 0
  const releaseBuffers = createBufferRelease()
  const say = (now: number) => {
    saidAt = now
    marks.push({ at: now, bytes: latest })
    while (marks.length > 2 && now - (marks[0]?.at ?? now) > windowMs) marks.shift()
    const first = marks[0] ?? { at: now, bytes: 0 }
    const elapsedMs = now - first.at
    const bytesPerSecond = elapsedMs > 0 ? ((latest - first.bytes) / elapsedMs) * 1000 : null
    const remainingMs = bytesTotal !== null && bytesPerSecond ? (Math.max(0, bytesTotal - latest) / bytesPerSecond) * 1000 : null
    const bytes = { bytesDone: latest, bytesTotal, bytesPerSecond }
    report({ type: 'progress', phase, tables: [], rowsDone: 0, rowsTotal: null, rowsPerSecond: null, ...bytes, remainingMs })
  }
  return {
    update: (bytesDone) => {
      latest = bytesDone
      releaseBuffers(bytesDone)
      const now = performance.now()
      if (now - saidAt >= everyMs) say(now)
    },
    finish: () => say(performance.now()),
  }
}
