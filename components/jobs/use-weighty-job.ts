'use client'

import { useQueryClient } from '@tanstack/react-query'
import { type JobRequest, startJobMutation } from './job-queries'
import { useWithPassword } from './use-with-password'

export interface WeightyJob {
  start(request: JobRequest): void
  readonly isPending: boolean
  /** What went wrong, except that the password is wanted. */
  readonly error: unknown
  /** For PasswordDialog: open while the server wants the password; then the same request goes out again. */
  readonly passwordDialog: { open: boolean; onOpenChange: (open: boolean) => void; onConfirmed: () => void }
  reset(): void
}

/** Starts a job that may ask for the password first, and repeats the request once that is given. */
export function useWeightyJob(onStarted: () => void): WeightyJob {
  const { mutate, ...job } = useWithPassword({ ...startJobMutation(useQueryClient()), onSuccess: onStarted })
  return { ...job, start: (request) => mutate(request) }
}
