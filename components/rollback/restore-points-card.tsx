'use client'

import { useQuery } from '@tanstack/react-query'
import { DatabaseBackup } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { ErrorPanel } from '@/components/api/error-panel'
import { TrustBadge } from '@/components/backups/backup-badges'
import { backupsQuery } from '@/components/backups/backup-queries'
import { RestoreDialog } from '@/components/backups/restore-dialog'
import { Button, LinkButton } from '@/components/ui/button'
import { Card, CardHeader } from '@/components/ui/card'
import { EmptyState } from '@/components/ui/empty-state'
import { SkeletonBlock } from '@/components/ui/skeleton'
import type { BackupView } from '@/lib/backup/backup-view'
import { RestorePointLine } from './restore-point-line'
import { listRestorePoints, shownPoints } from './restore-points'

/** Backups that the app can go back to: when they are of, what going back would lose, how long it takes. */
export function RestorePointsCard({ engine, busy }: { engine: 'sqlite' | 'postgresql'; busy: boolean }) {
  const t = useTranslations('rollback.restore')
  const { data, error, refetch } = useQuery(backupsQuery())
  const [all, setAll] = useState(false)
  const [chosen, setChosen] = useState<BackupView | null>(null)
  const [isOpen, setOpen] = useState(false)
  const points = data ? listRestorePoints(data.backups) : []
  const firstUsable = points.find(({ hindrance }) => hindrance === null)?.backup.id
  const open = (backup: BackupView) => {
    setChosen(backup)
    setOpen(true)
  }
  return (
    <Card aria-labelledby="restore-points">
      <CardHeader
        title={t('title')}
        titleId="restore-points"
        description={t(`body.${engine}`)}
        actions={<LinkButton href="/admin/backups">{t('open')}</LinkButton>}
      />
      {error && !data ? <ErrorPanel error={error} onRetry={() => void refetch()} className="mx-4 mb-4 sm:mx-5" /> : null}
      {!data && !error ? <SkeletonBlock label={t('loading')} rows={4} className="px-5 pb-5" /> : null}
      {data && points.length === 0 ? (
        <EmptyState icon={<DatabaseBackup />} title={t('none')} className="pt-4 pb-8">
          {t('noneBody')}
        </EmptyState>
      ) : null}
      <ul className="divide-y divide-line border-line border-t">
        {points.slice(0, all ? points.length : shownPoints).map(({ backup, hindrance }) => (
          <RestorePointLine
            key={backup.id}
            backup={backup}
            hindrance={hindrance}
            counts={backup.id === firstUsable}
            badge={<TrustBadge backup={backup} />}
            busy={busy}
            onRestore={() => open(backup)}
          />
        ))}
      </ul>
      {points.length > shownPoints ? (
        <div className="border-line border-t px-4 py-2 sm:px-5">
          <Button variant="quiet" size="small" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? t('fewer') : t('all', { count: points.length })}
          </Button>
        </div>
      ) : null}
      {chosen ? <RestoreDialog backup={chosen} open={isOpen} onOpenChange={setOpen} /> : null}
    </Card>
  )
}
