'use client'

import { useQuery } from '@tanstack/react-query'
import { Undo2 } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { ErrorPanel } from '@/components/api/error-panel'
import { useFormatters } from '@/components/format/use-formatters'
import { TypedJobDialog } from '@/components/jobs/typed-job-dialog'
import { SkeletonBlock } from '@/components/ui/skeleton'
import { freezeLimit } from '@/lib/control/switch-choice'
import { FreezeLimitField } from './freeze-limit-field'
import { rollbackPreviewQuery } from './migration-queries'
import { shownEstimate } from './shown-estimate'
import { WaitingTable } from './waiting-table'

const word = 'SQLite'

export interface SwitchBackDialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
}

/** Says which changes are carried to SQLite and how long that takes, then asks for the typed confirmation. */
export function SwitchBackDialog({ open, onOpenChange }: SwitchBackDialogProps) {
  const t = useTranslations('migration')
  const format = useFormatters()
  const [freezeLimitMs, setFreezeLimitMs] = useState<number>(freezeLimit.usual)
  const { data: shown, error, refetch } = useQuery({ ...rollbackPreviewQuery(), enabled: open })
  return (
    <TypedJobDialog
      open={open}
      onOpenChange={onOpenChange}
      title={t('backDialog.title')}
      description={shown?.total === 0 ? t('backDialog.nothing') : t('backDialog.body')}
      className="max-w-xl"
      hasChoices
      word={word}
      submitLabel={t('postgres.back')}
      request={{ kind: 'rollback', confirmation: word, freezeLimitMs }}
    >
      {error && !shown ? <ErrorPanel error={error} onRetry={() => void refetch()} /> : null}
      {!shown && !error ? <SkeletonBlock label={t('backDialog.counting')} rows={3} /> : null}
      {shown && shown.total > 0 ? (
        <div className="overflow-hidden rounded-lg border border-line">
          <p className="flex items-center gap-2 bg-sunken px-4 py-2 font-medium text-ink text-sm">
            <Undo2 aria-hidden className="size-4 shrink-0" />
            {t('backDialog.summary', { count: shown.total, time: format.duration(shownEstimate(shown.estimatedMs)) })}
          </p>
          <div className="max-h-56 overflow-y-auto">
            <WaitingTable preview={shown} />
          </div>
          <p className="border-line border-t px-4 py-2 text-ink-soft text-xs">{t('backDialog.growing')}</p>
        </div>
      ) : null}
      <FreezeLimitField value={freezeLimitMs} onChange={setFreezeLimitMs} />
    </TypedJobDialog>
  )
}
