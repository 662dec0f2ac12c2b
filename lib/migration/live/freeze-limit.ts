import { AppError } from '@/lib/core/errors'

/** How often a switch is tried. The limit stays what was chosen: who wants it longer says so. */
export const mostSwitchAttempts = 20

/** Between two attempts, in milliseconds: what was in the way is given time to pass. */
export function pauseAfter(attempt: number): number {
  return Math.min(attempt * 100, 1_000)
}

/** No attempt kept within the limit; the app is where it was. */
export function switchTooSlow(to: 'PostgreSQL' | 'SQLite', limitMs: number): AppError {
  const from = to === 'PostgreSQL' ? 'SQLite' : 'PostgreSQL'
  return new AppError({
    code: 'STATE_CONFLICT',
    operation: to === 'PostgreSQL' ? 'switch to PostgreSQL' : 'switch back to SQLite',
    message: `The switch could not be made within the ${limitMs} ms that writes may wait, however often it was tried. The app stays on ${from}.`,
    hint: `Allow a longer wait, try again when less is written, or look for long transactions on ${from === 'SQLite' ? 'the SQLite file' : from}.`,
    retryable: true,
  })
}
