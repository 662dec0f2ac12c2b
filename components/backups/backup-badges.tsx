'use client'

import { CircleCheck, CircleX, CloudUpload, KeyRound, Lock, LockOpen, ShieldQuestion } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Badge } from '@/components/ui/badge'
import { type BackupView, isReachable } from '@/lib/backup/backup-view'

/** How far a backup can be trusted: never more than what was seen. */
export function TrustBadge({ backup }: { backup: BackupView }) {
  const t = useTranslations('backups.trust')
  if (backup.status === 'failed')
    return (
      <Badge tone="danger" icon={<CircleX aria-hidden />}>
        {t('failed')}
      </Badge>
    )
  if (backup.foreign)
    return (
      <Badge tone="warning" icon={<ShieldQuestion aria-hidden />}>
        {t('foreign')}
      </Badge>
    )
  if (!isReachable(backup))
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

/** Whether it is at its destinations: each one, some of them, none. Nothing where it was to go nowhere. */
export function CopyBadge({ backup }: { backup: BackupView }) {
  const t = useTranslations('backups.copyBadge')
  const total = backup.copies.length
  if (total === 0) return null
  const done = backup.copies.filter(({ status }) => status === 'uploaded').length
  const isBeingSent = backup.copies.some(({ status }) => status === 'uploading')
  const tone = done === total ? 'success' : isBeingSent ? 'info' : done > 0 ? 'warning' : 'danger'
  const words = done === total ? t('uploaded') : isBeingSent ? t('uploading') : done > 0 ? t('partial', { done, total }) : t('failed')
  return (
    <Badge tone={tone} icon={<CloudUpload aria-hidden />}>
      {words}
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
