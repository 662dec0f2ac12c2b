'use client'

import { type UseMutationOptions, useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiError } from '@/components/api/api-error'

/** A mutation that may ask for the password first, and goes out again once that is given. */
export function useWithPassword<Answer, Request>(options: UseMutationOptions<Answer, Error, Request>) {
  const [waiting, setWaiting] = useState<{ readonly request: Request } | null>(null)
  const mutation = useMutation({
    ...options,
    onError: (error, request) => {
      if (wantsPassword(error)) setWaiting({ request })
    },
  })
  return {
    data: mutation.data,
    isPending: mutation.isPending,
    /** What went wrong, except that the password is wanted. */
    error: wantsPassword(mutation.error) ? null : mutation.error,
    mutate: mutation.mutate,
    reset: mutation.reset,
    /** For PasswordDialog. */
    passwordDialog: {
      open: waiting !== null,
      onOpenChange: (open: boolean) => {
        if (!open) setWaiting(null)
      },
      onConfirmed: () => {
        if (waiting) mutation.mutate(waiting.request)
        setWaiting(null)
      },
    },
  }
}

function wantsPassword(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'CONFIRMATION_REQUIRED'
}
