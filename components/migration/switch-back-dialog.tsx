'use client'

import { useQuery } from '@tanstack/react-query'
import { Undo2 } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useId, useState } from 'react'
import { ErrorPanel } from '@/components/api/error-panel'
import { useFormatters } from '@/components/format/use-formatters'
import { PasswordDialog } from '@/components/jobs/password-dialog'
import { TypedConfirmation } from '@/components/jobs/typed-confirmation'
import { useWeightyJob } from '@/components/jobs/use-weighty-job'
import { AlertDialog } from '@/components/ui/alert-dialog'
import { Button } from '@/components/ui/button'
import { SkeletonBlock } from '@/components/ui/skeleton'
import { rollbackPreviewQuery } from './migration-queries'
import { WaitingTable } from './waiting-table'

const word = 'SQLite'

export interface SwitchBackDialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
}

/** Says which changes are carried to SQLite and how long that takes, then asks for the typed confirmation. */
export function SwitchBackDialog({ open, onOpenChange }: SwitchBackDialogProps) {
  const t = useTranslations()
  const format = useFormatters()
  const formId = useId()
  const [typed, setTyped] = useState('')
  const preview = useQuery({ ...rollbackPreviewQuery(), enabled: open })
  const job = useWeightyJob(() => change(false))
  const change = (next: boolean) => {
    setTyped('')
    job.reset()
    onOpenChange(next)
  }
  const shown = preview.data
  return (
    <>
      <AlertDialog
        // The password is asked for in its stead, not on top of it.
        open={open && !job.passwordDialog.open}
        onOpenChange={change}
        title={t('migration.backDialog.title')}
        description={shown?.total === 0 ? t('migration.backDialog.nothing') : t('migration.backDialog.body')}
        className="max-w-xl"
        footer={
          <>
            <Button type="submit" form={formId} variant="primary" disabled={typed !== word} pending={job.isPending}>
              {t('migration.postgres.back')}
            </Button>
            <Button onClick={() => change(false)}>{t('common.cancel')}</Button>
          </>
        }
      >
        <form
          id={formId}
          className="flex flex-col gap-4"
          onSubmit={(event) => {
            event.preventDefault()
            if (typed === word) job.start({ kind: 'rollback', confirmation: word })
          }}
        >
          {preview.error && !shown ? <ErrorPanel error={preview.error} onRetry={() => void preview.refetch()} /> : null}
          {!shown && !preview.error ? <SkeletonBlock label={t('migration.backDialog.counting')} rows={3} /> : null}
          {shown && shown.total > 0 ? (
            <div className="overflow-hidden rounded-lg border border-line">
              <p className="flex items-center gap-2 bg-sunken px-4 py-2 font-medium text-ink text-sm">
                <Undo2 aria-hidden className="size-4 shrink-0" />
                {t('migration.backDialog.summary', { count: shown.total, time: format.duration(shown.estimatedMs) })}
              </p>
              <div className="max-h-56 overflow-y-auto">
                <WaitingTable preview={shown} />
              </div>
              <p className="border-line border-t px-4 py-2 text-ink-soft text-xs">{t('migration.backDialog.growing')}</p>
            </div>
          ) : null}
          <TypedConfirmation word={word} value={typed} onChange={setTyped} />
          {job.error ? <ErrorPanel error={job.error} announce /> : null}
        </form>
      </AlertDialog>
      <PasswordDialog {...job.passwordDialog} />
    </>
  )
}
