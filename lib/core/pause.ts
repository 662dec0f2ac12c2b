import { setTimeout } from 'node:timers/promises'

/** Waits so long, in milliseconds, or returns at once when the signal fires; never throws. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => undefined)
}
