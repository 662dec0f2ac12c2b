'use client'

import { useTranslations } from 'next-intl'
import { useId, useState } from 'react'
import { ErrorPanel } from '@/components/api/error-panel'
import { PasswordDialog } from '@/components/jobs/password-dialog'
import { TypedConfirmation } from '@/components/jobs/typed-confirmation'
import { useWeightyJob } from '@/components/jobs/use-weighty-job'
import { AlertDialog } from '@/components/ui/alert-dialog'
import { Button } from '@/components/ui/button'
import { Checkbox } from '@/components/ui/checkbox'

const word = 'PostgreSQL'

export interface FinishDialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
}

/** Says what goes with the way back, then asks for the typed confirmation. */
export function FinishDialog({ open, onOpenChange }: FinishDialogProps) {
  const t = useTranslations('migration.finish')
  const common = useTranslations('common')
  const formId = useId()
  const [typed, setTyped] = useState('')
  const [removes, setRemoves] = useState(false)
  const [keepsRecord, setKeepsRecord] = useState(true)
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
        title={t('title')}
        description={t('body')}
        className="max-w-xl"
        footer={
          <>
            <Button type="submit" form={formId} variant="danger" disabled={typed !== word} pending={job.isPending}>
              {t('submit')}
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
            if (typed === word)
              job.start({ kind: 'finish', confirmation: word, original: removes ? 'remove' : 'keep', keepRecord: keepsRecord })
          }}
        >
          <ul className="list-disc space-y-1 pl-5 text-ink-soft text-sm">
            <li>{t('effects.noted')}</li>
            <li>{t('effects.archive')}</li>
            <li className="font-medium text-ink">{t('effects.wayBack')}</li>
          </ul>
          <Checkbox checked={removes} onCheckedChange={setRemoves} label={t('remove')} description={t('removeHint')} />
          <Checkbox checked={keepsRecord} onCheckedChange={setKeepsRecord} label={t('record')} description={t('recordHint')} />
          <TypedConfirmation word={word} value={typed} onChange={setTyped} />
          {job.error ? <ErrorPanel error={job.error} announce /> : null}
        </form>
      </AlertDialog>
      <PasswordDialog {...job.passwordDialog} />
    </>
  )
}
