import { setPriority } from 'node:os'

/** Nice value of long work: a third of a processor's time beside ordinary work (0), all of it where there is none. */
const niceness = 5

/**
 * Has the system prefer others to the calling thread: the main thread, whose heartbeat and progress people wait for, and the app on the
 * same machine. On Linux, where priorities are of threads (setpriority(2), "C library/kernel differences"); elsewhere it would be the
 * whole process, and nothing happens.
 */
export function lowerThreadPriority(): void {
  if (process.platform !== 'linux') return
  try {
    setPriority(niceness)
  } catch {
    // Not allowed here: then all are equal.
  }
}
