'use client'

import { useTranslations } from 'next-intl'
import { useId, useState } from 'react'
import { ErrorPanel } from '@/components/api/error-panel'
import { PasswordDialog } from '@/components/jobs/password-dialog'
import { TypedConfirmation } from '@/components/jobs/typed-confirmation'
import { useWeightyJob } from '@/components/jobs/use-weighty-job'
import { AlertDialog } from '@/components/ui/alert-dialog'
import { Button } from '@/components/ui/button'

const word = 'PostgreSQL'

export interface SwitchDialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  targetLabel: string | null
}

/** Asks for the typed confirmation, and for the password where it was not given lately, then starts the cut-over. */
export function SwitchDialog({ open, onOpenChange, targetLabel }: SwitchDialogProps) {
  const t = useTranslations()
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
        // The password is asked for in its stead, not on top of it.
        open={open && !job.passwordDialog.open}
        onOpenChange={change}
        title={t('migration.switchDialog.title')}
        description={t('migration.switchDialog.body')}
        footer={
          <>
            <Button type="submit" form={formId} variant="primary" disabled={typed !== word} pending={job.isPending}>
              {t('migration.ready.switch')}
            </Button>
            <Button onClick={() => change(false)}>{t('common.cancel')}</Button>
          </>
        }
      >
        <form
          id={formId}
          className="flex flex-col gap-3"
          onSubmit={(event) => {
            event.preventDefault()
            if (typed === word) job.start({ kind: 'cutover', confirmation: word })
          }}
        >
          {targetLabel === null ? null : <p className="break-all rounded-md bg-sunken px-3 py-2 font-mono text-xs">{targetLabel}</p>}
          <TypedConfirmation word={word} value={typed} onChange={setTyped} />
          {job.error ? <ErrorPanel error={job.error} announce /> : null}
        </form>
      </AlertDialog>
      <PasswordDialog {...job.passwordDialog} />
    </>
  )
}
