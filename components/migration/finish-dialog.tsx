'use client'

import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { TypedJobDialog } from '@/components/jobs/typed-job-dialog'
import { Checkbox } from '@/components/ui/checkbox'

const word = 'PostgreSQL'

export interface FinishDialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
}

/** Says what goes with the way back, then asks for the typed confirmation. */
export function FinishDialog({ open, onOpenChange }: FinishDialogProps) {
  const t = useTranslations('migration.finish')
  const [removes, setRemoves] = useState(false)
  const [keepsRecord, setKeepsRecord] = useState(true)
  return (
    <TypedJobDialog
      open={open}
      onOpenChange={onOpenChange}
      title={t('title')}
      description={t('body')}
      className="max-w-xl"
      hasChoices
      word={word}
      submitLabel={t('submit')}
      variant="danger"
      request={{ kind: 'finish', confirmation: word, original: removes ? 'remove' : 'keep', keepRecord: keepsRecord }}
    >
      <ul className="list-disc space-y-1 pl-5 text-ink-soft text-sm">
        <li>{t('effects.noted')}</li>
        <li>{t('effects.archive')}</li>
        <li className="font-medium text-ink">{t('effects.wayBack')}</li>
      </ul>
      <Checkbox checked={removes} onCheckedChange={setRemoves} label={t('remove')} description={t('removeHint')} />
      <Checkbox checked={keepsRecord} onCheckedChange={setKeepsRecord} label={t('record')} description={t('recordHint')} />
    </TypedJobDialog>
  )
}
