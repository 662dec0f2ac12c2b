'use client'

import { useQuery } from '@tanstack/react-query'
import { ArchiveRestore } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { type ReactNode, useState } from 'react'
import { ExplainLink } from '@/components/api/explain-link'
import { useErrorText } from '@/components/api/use-error-text'
import { restorePreviewQuery } from '@/components/backups/backup-queries'
import { TimeStamp } from '@/components/format/time-stamp'
import { useFormatters } from '@/components/format/use-formatters'
import { Badge } from '@/components/ui/badge'
import { Button, LinkButton } from '@/components/ui/button'
import { Skeleton } from '@/components/ui/skeleton'
import type { BackupView } from '@/lib/backup/backup-view'
import { type Hindrance, lossOf } from './restore-points'

export interface RestorePointLineProps {
  backup: BackupView
  hindrance: Hindrance
  /** Whether what it would lose is counted without being asked. */
  counts: boolean
  badge: ReactNode
  busy: boolean
  onRestore: () => void
}

const engines = { sqlite: 'SQLite', postgresql: 'PostgreSQL' } as const

/** One backup to go back to. */
export function RestorePointLine({ backup, hindrance, counts, badge, busy, onRestore }: RestorePointLineProps) {
  const t = useTranslations('rollback.restore')
  const backups = useTranslations('backups')
  const format = useFormatters()
  const { trial } = backup
  const took = trial && trial.status !== 'impossible' ? trial.elapsedMs : null
  const facts = [
    backups(`origin.${backup.origin}`),
    engines[backup.engine],
    backup.sizeBytes === null ? null : format.bytes(backup.sizeBytes),
    took === null ? t('tookUnknown') : t('took', { time: format.duration(Math.max(1, took)) }),
  ].filter((fact) => fact !== null)
  return (
    <li className="flex flex-wrap items-start gap-x-4 gap-y-2 px-4 py-3 text-sm sm:px-5">
      <div className="min-w-0 flex-1 basis-72">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <span className="font-medium">{format.dateTime(backup.createdAt)}</span>
          <span className="text-ink-faint text-xs">
            <TimeStamp iso={backup.createdAt} relative />
          </span>
          {badge}
          {backup.origin === 'safety' ? <Badge tone="info">{t('undoes')}</Badge> : null}
        </p>
        <p className="text-ink-faint text-xs">{facts.join(' · ')}</p>
        {hindrance === null ? (
          <LossLine id={backup.id} counts={counts} />
        ) : (
          <p className="mt-1 text-warning-ink text-xs">{t(`hindrance.${hindrance}`)}</p>
        )}
      </div>
      {hindrance === null ? (
        <Button
          size="small"
          disabled={busy}
          onClick={onRestore}
          icon={<ArchiveRestore aria-hidden />}
          aria-label={t('goBackTo', { when: format.dateTime(backup.createdAt) })}
        >
          {t('goBack')}
        </Button>
      ) : (
        <LinkButton href={`/admin/backups/${backup.id}`} size="small" aria-label={t('lookAt', { when: format.dateTime(backup.createdAt) })}>
          {t('look')}
        </LinkButton>
      )}
    </li>
  )
}

/** What would be lost, counted on both sides; of all but the newest only when it is asked for, since counting costs the database. */
function LossLine({ id, counts }: { id: string; counts: boolean }) {
  const t = useTranslations('rollback.restore')
  const errorText = useErrorText()
  const [isWanted, setWanted] = useState(counts)
  const preview = useQuery({ ...restorePreviewQuery(id), enabled: isWanted })
  if (!isWanted)
    return (
      <Button variant="quiet" size="small" className="mt-1 -ml-2" onClick={() => setWanted(true)}>
        {t('count')}
      </Button>
    )
  if (preview.error)
    return (
      <p className="mt-1 text-warning-ink text-xs">
        {errorText(preview.error).title} <ExplainLink code={errorText(preview.error).code} />
      </p>
    )
  if (!preview.data) return <Skeleton className="mt-1.5 h-4 w-72 max-w-full" />
  const { fewer, more, tables, unknown } = lossOf(preview.data)
  return (
    <p className="mt-1 text-ink-soft">
      {tables === 0 ? t('sameCounts') : t('loses', { fewer, more, tables })}
      {unknown > 0 ? ` ${t('notCounted', { count: unknown })}` : ''}
    </p>
  )
}
