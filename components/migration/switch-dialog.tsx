'use client'

import { useTranslations } from 'next-intl'
import { TypedJobDialog } from '@/components/jobs/typed-job-dialog'

const word = 'PostgreSQL'

export interface SwitchDialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  targetLabel: string | null
}

/** Asks for the typed confirmation, then starts the cut-over. */
export function SwitchDialog({ open, onOpenChange, targetLabel }: SwitchDialogProps) {
  const t = useTranslations('migration')
  return (
    <TypedJobDialog
      open={open}
      onOpenChange={onOpenChange}
      title={t('switchDialog.title')}
      description={t('switchDialog.body')}
      word={word}
      submitLabel={t('ready.switch')}
      request={{ kind: 'cutover', confirmation: word }}
    >
      {targetLabel === null ? null : <p className="break-all rounded-md bg-sunken px-3 py-2 font-mono text-xs">{targetLabel}</p>}
    </TypedJobDialog>
  )
}
