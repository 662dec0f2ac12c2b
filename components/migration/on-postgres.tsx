'use client'

import { type UseQueryResult, useQuery } from '@tanstack/react-query'
import { CircleCheck, Flag, Undo2 } from 'lucide-react'
import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { type ReactNode, useState } from 'react'
import type { AdminState } from '@/components/admin/state-queries'
import { ErrorPanel } from '@/components/api/error-panel'
import { useFormatters } from '@/components/format/use-formatters'
import { EnginePicture } from '@/components/overview/engine-picture'
import { Badge } from '@/components/ui/badge'
import { Button, LinkButton } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { Card, CardBody, CardFooter, CardHeader } from '@/components/ui/card'
import { EmptyState } from '@/components/ui/empty-state'
import { SkeletonBlock } from '@/components/ui/skeleton'
import { FinishDialog } from './finish-dialog'
import { type RollbackPreview, rollbackPreviewQuery } from './migration-queries'
import { PermanentSetting } from './permanent-setting'
import { shownEstimate } from './shown-estimate'
import { SwitchBackDialog } from './switch-back-dialog'
import { WaitingTable } from './waiting-table'

/** The app runs on PostgreSQL: since when, what a way back would carry to SQLite, how long that takes, and the way back. */
export function OnPostgres({ state }: { state: AdminState }) {
  const t = useTranslations('migration')
  const format = useFormatters()
  const [asks, setAsks] = useState<'back' | 'finish' | null>(null)
  // An app that was installed on PostgreSQL, or that stays there, has no way back that could be measured.
  const isSwitched = state.state.jobId != null
  const preview = useQuery({ ...rollbackPreviewQuery(), enabled: isSwitched })
  const { since, finished } = state.state
  return (
    <>
      <Card aria-labelledby="on-postgres">
        <CardHeader
          title={t('postgres.title')}
          titleId="on-postgres"
          description={t(finished ? 'postgres.finishedBody' : isSwitched ? 'postgres.body' : 'postgres.installedBody')}
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
          {finished ? (
            <Callout tone="info" title={t('postgres.finishedTitle', { when: format.dateTime(finished.at) })} className="mt-4">
              <p>{t('postgres.finishedWayBack')}</p>
              {finished.archive === null ? null : (
                <p className="mt-1 break-all">
                  {t('postgres.archive')} <code className="text-xs">{finished.archive}</code>
                </p>
              )}
            </Callout>
          ) : null}
        </CardBody>
        {isSwitched ? (
          <CardFooter className="max-sm:flex-col max-sm:items-stretch">
            <LinkButton href="/admin/verification" variant="primary">
              {t('postgres.verify')}
            </LinkButton>
            <Button onClick={() => setAsks('back')} icon={<Undo2 aria-hidden />}>
              {t('postgres.back')}
            </Button>
            <Button onClick={() => setAsks('finish')} icon={<Flag aria-hidden />}>
              {t('finish.open')}
            </Button>
          </CardFooter>
        ) : null}
      </Card>
      {isSwitched ? <Waiting preview={preview} /> : null}
      {isSwitched ? <p className="px-1 text-ink-soft text-sm">{t.rich('postgres.emergency', { page: emergencyLink })}</p> : null}
      {state.state.targetLabel ? <PermanentSetting label={state.state.targetLabel} isFinished={!isSwitched} /> : null}
      <SwitchBackDialog open={asks === 'back'} onOpenChange={(open) => setAsks(open ? 'back' : null)} />
      <FinishDialog open={asks === 'finish'} onOpenChange={(open) => setAsks(open ? 'finish' : null)} />
    </>
  )
}

function emergencyLink(chunks: ReactNode) {
  return (
    <Link href="/emergency" className="rounded text-info-ink underline underline-offset-4">
      {chunks}
    </Link>
  )
}

/** What waits to be carried to SQLite, counted again every few seconds. */
function Waiting({ preview }: { preview: UseQueryResult<RollbackPreview> }) {
  const t = useTranslations('migration')
  const common = useTranslations('common')
  const format = useFormatters()
  return (
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
            {t('postgres.estimate', { time: format.duration(shownEstimate(preview.data.estimatedMs)) })}
            {preview.data.at === undefined ? null : (
              <span className="text-ink-faint"> {t('postgres.checkedAt', { ago: format.time(preview.data.at) })}</span>
            )}
          </p>
        </>
      ) : null}
    </Card>
  )
}
