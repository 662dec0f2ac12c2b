'use client'

import { useQuery } from '@tanstack/react-query'
import { TriangleAlert } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useEffect, useId, useState } from 'react'
import { ApiError } from '@/components/api/api-error'
import { ErrorPanel } from '@/components/api/error-panel'
import { PasswordDialog } from '@/components/jobs/password-dialog'
import { TypedConfirmation } from '@/components/jobs/typed-confirmation'
import { useWeightyJob } from '@/components/jobs/use-weighty-job'
import { AlertDialog } from '@/components/ui/alert-dialog'
import { Button } from '@/components/ui/button'
import { SkeletonBlock } from '@/components/ui/skeleton'
import { LeftBehindTable } from './left-behind-table'
import { type RollbackPreview, rollbackPreviewQuery } from './migration-queries'

const word = 'SQLite'

export interface SwitchBackDialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
}

/**
 * Says exactly which changes would stay behind, then asks for the typed confirmation. The numbers are read when it
 * opens and stay as shown: what is confirmed is what was seen, and the server refuses when it has grown.
 */
export function SwitchBackDialog({ open, onOpenChange }: SwitchBackDialogProps) {
  const t = useTranslations()
  const formId = useId()
  const [typed, setTyped] = useState('')
  const [shown, setShown] = useState<RollbackPreview | null>(null)
  const preview = useQuery({ ...rollbackPreviewQuery(), enabled: open, refetchInterval: false })
  const { refetch } = preview
  const job = useWeightyJob(() => change(false))
  const hasGrown = job.error instanceof ApiError && job.error.code === 'STATE_CONFLICT'

  useEffect(() => {
    if (!open && !hasGrown) return
    let stale = false
    setShown(null)
    void refetch().then(({ data }) => {
      if (!stale && data) setShown(data)
    })
    return () => {
      stale = true
    }
  }, [open, hasGrown, refetch])

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
        title={t('migration.backDialog.title')}
        description={shown?.total === 0 ? t('migration.backDialog.nothing') : t('migration.backDialog.body')}
        className="max-w-xl"
        footer={
          <>
            <Button type="submit" form={formId} variant="danger" disabled={typed !== word || shown === null} pending={job.isPending}>
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
            if (typed === word && shown) job.start({ kind: 'rollback', confirmation: word, acknowledgedChanges: shown.total })
          }}
        >
          {preview.error && !shown ? (
            <ErrorPanel error={preview.error} onRetry={() => void refetch().then(({ data }) => data && setShown(data))} />
          ) : null}
          {!shown && !preview.error ? <SkeletonBlock label={t('migration.backDialog.counting')} rows={3} /> : null}
          {shown && shown.total > 0 ? (
            <div className="overflow-hidden rounded-lg border border-warning/50">
              <p className="flex items-center gap-2 bg-warning-soft px-4 py-2 font-medium text-sm text-warning-ink">
                <TriangleAlert aria-hidden className="size-4 shrink-0" />
                {t('migration.backDialog.warning', { count: shown.total })}
              </p>
              <div className="max-h-56 overflow-y-auto">
                <LeftBehindTable preview={shown} />
              </div>
              <p className="border-line border-t px-4 py-2 text-ink-soft text-xs">{t('migration.backDialog.list')}</p>
            </div>
          ) : null}
          <TypedConfirmation word={word} value={typed} onChange={setTyped} />
          {hasGrown ? (
            <p role="alert" className="font-medium text-danger-ink text-sm">
              {t('migration.backDialog.grown')}
            </p>
          ) : null}
          {job.error && !hasGrown ? <ErrorPanel error={job.error} announce /> : null}
        </form>
      </AlertDialog>
      <PasswordDialog {...job.passwordDialog} />
    </>
  )
}
