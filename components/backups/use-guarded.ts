'use client'

import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiError } from '@/components/api/api-error'

export interface Guarded<Input> {
  run(input: Input): void
  readonly isPending: boolean
  /** What went wrong, except that the password is wanted. */
  readonly error: unknown
  /** For PasswordDialog: open while the server wants the password; then the same goes out again. */
  readonly passwordDialog: { open: boolean; onOpenChange: (open: boolean) => void; onConfirmed: () => void }
  reset(): void
}

/** Does something that may ask for the password first, and repeats it once that is given. */
export function useGuarded<Input, Output>(act: (input: Input) => Promise<Output>, onDone: (output: Output) => void): Guarded<Input> {
  const [waiting, setWaiting] = useState<{ input: Input } | null>(null)
  const mutation = useMutation({
    mutationFn: act,
    onSuccess: onDone,
    onError: (error, input) => {
      if (wantsPassword(error)) setWaiting({ input })
    },
  })
  return {
    run: (input) => mutation.mutate(input),
    isPending: mutation.isPending,
    error: wantsPassword(mutation.error) ? null : mutation.error,
    passwordDialog: {
      open: waiting !== null,
      onOpenChange: (open) => {
        if (!open) setWaiting(null)
      },
      onConfirmed: () => {
        if (waiting) mutation.mutate(waiting.input)
        setWaiting(null)
      },
    },
    reset: () => mutation.reset(),
  }
}

function wantsPassword(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'CONFIRMATION_REQUIRED'
}
