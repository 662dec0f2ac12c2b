'use client'

import { useQuery } from '@tanstack/react-query'
import { Undo2 } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { ErrorPanel } from '@/components/api/error-panel'
import { useFormatters } from '@/components/format/use-formatters'
import { EmergencyNotice, isAboutPostgres } from '@/components/migration/emergency-notice'
import { rollbackPreviewQuery } from '@/components/migration/migration-queries'
import { shownEstimate } from '@/components/migration/shown-estimate'
import { SwitchBackDialog } from '@/components/migration/switch-back-dialog'
import { WaitingTable } from '@/components/migration/waiting-table'
import { Badge } from '@/components/ui/badge'
import { Button, LinkButton } from '@/components/ui/button'
import { CardBody } from '@/components/ui/card'
import { Skeleton } from '@/components/ui/skeleton'
import { WayCard } from './way-card'

/** From PostgreSQL to the SQLite file, with everything that was written since the switch: counted now. */
export function SwitchBackWay({ busy }: { busy: boolean }) {
  const t = useTranslations('rollback')
  const format = useFormatters()
  const [open, setOpen] = useState(false)
  const preview = useQuery(rollbackPreviewQuery())
  const { data } = preview
  const waiting = <Skeleton className="mt-1 h-4 w-32" />
  return (
    <>
      <WayCard
        id="way-switch-back"
        title={t('switchBack.title')}
        description={t('switchBack.body')}
        badge={data ? <Badge tone="success">{t('losesNothing')}</Badge> : undefined}
        facts={[
          [t('loses'), data ? t('switchBack.loses', { count: data.total }) : preview.error ? t('notCounted') : waiting],
          [
            t('takes'),
            data
              ? t('switchBack.takes', { time: format.duration(shownEstimate(data.estimatedMs)) })
              : preview.error
                ? t('notCounted')
                : waiting,
          ],
          [t('meanwhile'), t('switchBack.meanwhile')],
        ]}
        actions={
          <>
            <Button variant="primary" disabled={busy || !data} onClick={() => setOpen(true)} icon={<Undo2 aria-hidden />}>
              {t('switchBack.button')}
            </Button>
            <LinkButton href="/admin/migration">{t('openMigration')}</LinkButton>
          </>
        }
      >
        {preview.error && !data ? (
          <CardBody>
            {isAboutPostgres(preview.error) ? (
              <EmergencyNotice />
            ) : (
              <ErrorPanel error={preview.error} onRetry={() => void preview.refetch()} />
            )}
          </CardBody>
        ) : null}
        {data && data.total > 0 ? (
          <details className="border-line border-t">
            <summary className="cursor-pointer px-4 py-2.5 text-ink-soft text-sm sm:px-5">
              {t('switchBack.which', { count: data.tables.length })}
            </summary>
            <WaitingTable preview={data} />
          </details>
        ) : null}
      </WayCard>
      <SwitchBackDialog open={open} onOpenChange={setOpen} />
    </>
  )
}
