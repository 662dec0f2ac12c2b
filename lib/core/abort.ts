import { AppError } from './errors'

/** Throws CANCELLED when the signal has fired; long operations call it between steps. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelledError(signal)
}

/** The error that a fired signal stands for: its own AppError reason, or CANCELLED. */
export function cancelledError(signal: AbortSignal): AppError {
  if (signal.reason instanceof AppError) return signal.reason
  return new AppError({ code: 'CANCELLED', message: 'The operation was cancelled.' })
}
