'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { ErrorPanel } from '@/components/api/error-panel'
import { Button } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { Checkbox } from '@/components/ui/checkbox'
import { Dialog } from '@/components/ui/dialog'
import { RadioCards } from '@/components/ui/radio-cards'
import type { ArchiveEncryption } from '@/lib/backup/backup-view'
import { startBackupMutation } from './backup-queries'

export interface StartBackupDialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  policy: ArchiveEncryption
  engine: 'sqlite' | 'postgresql'
  onEncryption: () => void
}

const formats = ['auto', 'custom', 'plain', 'portable'] as const

/** What goes into the next backup, and the button that makes it. */
export function StartBackupDialog({ open, onOpenChange, policy, engine, onEncryption }: StartBackupDialogProps) {
  const t = useTranslations('backups.start')
  const common = useTranslations('common')
  const queryClient = useQueryClient()
  const [includeEnvironment, setIncludeEnvironment] = useState(false)
  const [format, setFormat] = useState<(typeof formats)[number]>('auto')
  const start = useMutation({ ...startBackupMutation(queryClient), onSuccess: () => onOpenChange(false) })
  const isEncrypted = policy.kind !== 'none'
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={t('title')}
      description={t('body')}
      closeLabel={common('close')}
      footer={
        <>
          <Button
            variant="primary"
            pending={start.isPending}
            onClick={() =>
              start.mutate({ includeEnvironment: includeEnvironment && isEncrypted, format: engine === 'sqlite' ? 'auto' : format })
            }
          >
            {t('submit')}
          </Button>
          <Button onClick={() => onOpenChange(false)}>{common('cancel')}</Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        {start.error ? <ErrorPanel error={start.error} announce /> : null}
        <Callout
          tone={isEncrypted ? 'success' : 'warning'}
          title={t(`policy.${policy.kind}`)}
          actions={isEncrypted ? undefined : <Button onClick={onEncryption}>{t('setEncryption')}</Button>}
        />
        <Checkbox
          checked={includeEnvironment && isEncrypted}
          onCheckedChange={setIncludeEnvironment}
          disabled={!isEncrypted}
          label={t('environment')}
          description={t(isEncrypted ? 'environmentBody' : 'environmentNeedsKey')}
        />
        {engine === 'postgresql' ? (
          <RadioCards
            label={t('format')}
            value={format}
            onChange={setFormat}
            items={formats.map((value) => ({ value, label: t(`formats.${value}.label`), description: t(`formats.${value}.body`) }))}
          />
        ) : null}
      </div>
    </Dialog>
  )
}
