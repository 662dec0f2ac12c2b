'use client'

import { useTranslations } from 'next-intl'
import { type ReactNode, useId, useState } from 'react'
import { ErrorPanel } from '@/components/api/error-panel'
import { AlertDialog } from '@/components/ui/alert-dialog'
import { Button } from '@/components/ui/button'
import type { JobRequest } from './job-queries'
import { PasswordDialog } from './password-dialog'
import { TypedConfirmation } from './typed-confirmation'
import { useWeightyJob } from './use-weighty-job'

export interface TypedJobDialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  title: string
  description: string
  /** The word to type, exactly. */
  word: string
  submitLabel: string
  /** Default: primary. */
  variant?: 'primary' | 'danger'
  /** Of the dialog, for its width. */
  className?: string
  /** What is asked of the server once the word was typed. */
  request: JobRequest
  /** What is said, and chosen, before the word. */
  children?: ReactNode
}

/** Asks for a typed confirmation, and for the password where it was not given lately, then starts a job. */
export function TypedJobDialog({ open, onOpenChange, word, submitLabel, variant, request, children, ...dialog }: TypedJobDialogProps) {
  const common = useTranslations('common')
  const formId = useId()
  const [typed, setTyped] = useState('')
  const job = useWeightyJob(() => change(false))
  const change = (next: boolean) => {
    setTyped('')
    job.reset()
    onOpenChange(next)
  }
  return (
    <>
      <AlertDialog
        {...dialog}
        // The password is asked for in its stead, not on top of it.
        open={open && !job.passwordDialog.open}
        onOpenChange={change}
        footer={
          <>
            <Button type="submit" form={formId} variant={variant ?? 'primary'} disabled={typed !== word} pending={job.isPending}>
              {submitLabel}
            </Button>
            <Button onClick={() => change(false)}>{common('cancel')}</Button>
          </>
        }
      >
        <form
          id={formId}
          className="flex flex-col gap-4"
          onSubmit={(event) => {
            event.preventDefault()
            if (typed === word) job.start(request)
          }}
        >
          {children}
          <TypedConfirmation word={word} value={typed} onChange={setTyped} />
          {job.error ? <ErrorPanel error={job.error} announce /> : null}
        </form>
      </AlertDialog>
      <PasswordDialog {...job.passwordDialog} />
    </>
  )
}
