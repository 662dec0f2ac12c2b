'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiError } from '@/components/api/api-error'
import { type JobRequest, startJobMutation } from './job-queries'

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
  const queryClient = useQueryClient()
  const [waiting, setWaiting] = useState<JobRequest | null>(null)
  const mutation = useMutation({
    ...startJobMutation(queryClient),
    onSuccess: onStarted,
    onError: (error, request) => {
      if (wantsPassword(error)) setWaiting(request)
    },
  })
  return {
    start: (request) => mutation.mutate(request),
    isPending: mutation.isPending,
    error: wantsPassword(mutation.error) ? null : mutation.error,
    passwordDialog: {
      open: waiting !== null,
      onOpenChange: (open) => {
        if (!open) setWaiting(null)
      },
      onConfirmed: () => {
        if (waiting) mutation.mutate(waiting)
        setWaiting(null)
      },
    },
    reset: () => mutation.reset(),
  }
}

function wantsPassword(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'CONFIRMATION_REQUIRED'
}
