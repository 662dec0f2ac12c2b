'use client'

import { CircleCheck, CircleX, KeyRound, Lock, LockOpen } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Badge } from '@/components/ui/badge'
import type { BackupView } from '@/lib/backup/backup-view'

/** How far a backup can be trusted: never more than what was seen. */
export function TrustBadge({ backup }: { backup: BackupView }) {
  const t = useTranslations('backups.trust')
  if (backup.status === 'failed')
    return (
      <Badge tone="danger" icon={<CircleX aria-hidden />}>
        {t('failed')}
      </Badge>
    )
  if (!backup.present)
    return (
      <Badge tone="danger" icon={<CircleX aria-hidden />}>
        {t('gone')}
      </Badge>
    )
  if (backup.trial === null) return <Badge tone="neutral">{t('written')}</Badge>
  switch (backup.trial.status) {
    case 'passed':
      return (
        <Badge tone="success" icon={<CircleCheck aria-hidden />}>
          {t('passed')}
        </Badge>
      )
    case 'failed':
      return (
        <Badge tone="danger" icon={<CircleX aria-hidden />}>
          {t('trialFailed')}
        </Badge>
      )
    case 'impossible':
      return <Badge tone="warning">{t('impossible')}</Badge>
  }
}

/** Whether it is encrypted, and who has the key. */
export function EncryptionBadge({ backup }: { backup: BackupView }) {
  const t = useTranslations('backups.encryptionBadge')
  if (backup.encryption.kind === 'none')
    return (
      <Badge tone="neutral" icon={<LockOpen aria-hidden />}>
        {t('none')}
      </Badge>
    )
  return (
    <Badge tone="neutral" icon={<KeyRound aria-hidden />}>
      {t(backup.keyKnown ? 'known' : 'elsewhere')}
    </Badge>
  )
}

/** Shown only where a backup is locked. */
export function LockBadge({ backup }: { backup: BackupView }) {
  const t = useTranslations('backups')
  return backup.locked ? (
    <Badge tone="info" icon={<Lock aria-hidden />}>
      {t('locked')}
    </Badge>
  ) : null
}
