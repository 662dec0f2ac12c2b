'use client'

import { useTranslations } from 'next-intl'
import { type ReactNode, useId, useRef, useState } from 'react'
import { ErrorPanel } from '@/components/api/error-panel'
import { AlertDialog } from '@/components/ui/alert-dialog'
import { Button } from '@/components/ui/button'
import { PasswordDialog, type PasswordDialogProps } from './password-dialog'
import { TypedConfirmation } from './typed-confirmation'

export interface TypedDialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  title: string
  description: string
  /** The word to type, exactly. Null: what it is about is not known yet, and it is not asked for. */
  word: string | null
  submitLabel: string
  /** Default: primary. */
  variant?: 'primary' | 'danger'
  /** Of the dialog, for its width. */
  className?: string
  /** Whether something is chosen before the word: it then opens at its beginning, with none of the choices under the keys. Default: false. */
  hasChoices?: boolean
  /** Whether what is asked before the word was answered. Default: true. */
  isReady?: boolean
  /** What the server is asked for, as `useWithPassword` gives it. */
  action: {
    readonly isPending: boolean
    readonly error: unknown
    readonly reset: () => void
    readonly passwordDialog: PasswordDialogProps
  }
  onSubmit: () => void
  /** What is said, and chosen, before the word. */
  children?: ReactNode
}

/** Asks for a typed confirmation, and for the password where it was not given lately. */
export function TypedDialog(props: TypedDialogProps) {
  const {
    open,
    onOpenChange,
    word,
    submitLabel,
    variant,
    hasChoices = false,
    isReady = true,
    action,
    onSubmit,
    children,
    ...dialog
  } = props
  const common = useTranslations('common')
  const formId = useId()
  const beginning = useRef<HTMLSpanElement>(null)
  const [typed, setTyped] = useState('')
  // However it was closed: the next time the word is typed anew.
  if (!open && typed !== '') setTyped('')
  const mayStart = isReady && typed === word
  const change = (next: boolean) => {
    action.reset()
    onOpenChange(next)
  }
  return (
    <>
      <AlertDialog
        {...dialog}
        // The password is asked for in its stead, not on top of it.
        open={open && !action.passwordDialog.open}
        onOpenChange={change}
        // While what it is about is being read, the first control would be the weighty button.
        {...(word === null || hasChoices ? { initialFocus: beginning } : {})}
        footer={
          <>
            <Button type="submit" form={formId} variant={variant ?? 'primary'} disabled={!mayStart} pending={action.isPending}>
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
            if (mayStart) onSubmit()
          }}
        >
          {/* Small, so that a long dialog is not scrolled when it has the focus. */}
          <span ref={beginning} tabIndex={-1} className="-mb-4 outline-hidden" />
          {children}
          {word === null ? null : <TypedConfirmation word={word} value={typed} onChange={setTyped} />}
          {action.error ? <ErrorPanel error={action.error} announce /> : null}
        </form>
      </AlertDialog>
      <PasswordDialog {...action.passwordDialog} />
    </>
  )
}
