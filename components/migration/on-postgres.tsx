'use client'

import { useQuery } from '@tanstack/react-query'
import { CircleCheck, Undo2 } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import type { AdminState } from '@/components/admin/state-queries'
import { ErrorPanel } from '@/components/api/error-panel'
import { useFormatters } from '@/components/format/use-formatters'
import { EnginePicture } from '@/components/overview/engine-picture'
import { Badge } from '@/components/ui/badge'
import { Button, LinkButton } from '@/components/ui/button'
import { Card, CardBody, CardFooter, CardHeader } from '@/components/ui/card'
import { EmptyState } from '@/components/ui/empty-state'
import { SkeletonBlock } from '@/components/ui/skeleton'
import { rollbackPreviewQuery } from './migration-queries'
import { PermanentSetting } from './permanent-setting'
import { SwitchBackDialog } from './switch-back-dialog'
import { WaitingTable } from './waiting-table'

/** The app runs on PostgreSQL: since when, what a way back would carry to SQLite, how long that takes, and the way back. */
export function OnPostgres({ state }: { state: AdminState }) {
  const t = useTranslations('migration')
  const common = useTranslations('common')
  const format = useFormatters()
  const [open, setOpen] = useState(false)
  const preview = useQuery(rollbackPreviewQuery())
  const { since } = state.state
  return (
    <>
      <Card aria-labelledby="on-postgres">
        <CardHeader
          title={t('postgres.title')}
          titleId="on-postgres"
          description={t('postgres.body')}
          actions={
            since == null ? undefined : (
              <time dateTime={since} className="text-ink-faint text-sm">
                {t('postgres.since', { when: format.dateTime(since) })}
              </time>
            )
          }
        />
        <CardBody>
          <EnginePicture state={state} />
        </CardBody>
        <CardFooter className="max-sm:flex-col max-sm:items-stretch">
          <LinkButton href="/admin/verification" variant="primary">
            {t('postgres.verify')}
          </LinkButton>
          <Button onClick={() => setOpen(true)} icon={<Undo2 aria-hidden />}>
            {t('postgres.back')}
          </Button>
        </CardFooter>
      </Card>
      <Card aria-labelledby="waiting">
        <CardHeader
          title={t('postgres.waiting')}
          titleId="waiting"
          {...(preview.data?.total === 0 ? {} : { description: t('postgres.waitingBody') })}
          actions={
            preview.data ? (
              <Badge tone={preview.data.total === 0 ? 'neutral' : 'info'}>{t('postgres.total', { count: preview.data.total })}</Badge>
            ) : undefined
          }
        />
        {preview.error && !preview.data ? (
          <CardBody>
            <ErrorPanel error={preview.error} onRetry={() => void preview.refetch()} />
          </CardBody>
        ) : null}
        {preview.isPending ? (
          <CardBody>
            <SkeletonBlock label={common('loading')} rows={3} />
          </CardBody>
        ) : null}
        {preview.data?.total === 0 ? (
          <EmptyState icon={<CircleCheck />} title={t('postgres.nothing')} className="pt-4 pb-8">
            {t('postgres.nothingBody')}
          </EmptyState>
        ) : null}
        {preview.data && preview.data.total > 0 ? (
          <>
            <WaitingTable preview={preview.data} />
            <p className="border-line border-t px-5 py-3 text-ink-soft text-sm">
              {t('postgres.estimate', { time: format.duration(preview.data.estimatedMs) })}
            </p>
          </>
        ) : null}
      </Card>
      {state.state.targetLabel ? <PermanentSetting label={state.state.targetLabel} /> : null}
      <SwitchBackDialog open={open} onOpenChange={setOpen} />
    </>
  )
}
