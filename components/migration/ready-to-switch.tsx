'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ArrowRightLeft, ListRestart, Undo2 } from 'lucide-react'
import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import type { AdminState } from '@/components/admin/state-queries'
import { ErrorPanel } from '@/components/api/error-panel'
import { TimeStamp } from '@/components/format/time-stamp'
import { jobQuery, startJobMutation } from '@/components/jobs/job-queries'
import { EnginePicture } from '@/components/overview/engine-picture'
import { AlertDialog } from '@/components/ui/alert-dialog'
import { Button } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { Card, CardBody, CardFooter, CardHeader } from '@/components/ui/card'
import { LoadingCard } from '@/components/ui/loading-card'
import { ComparisonTable } from '@/components/verification/comparison-table'
import { judge } from '@/components/verification/verdict'
import { VerdictPanel } from '@/components/verification/verdict-panel'
import { countsQuery } from '@/components/verification/verification-queries'
import { FollowingCard } from './following-card'
import { RepairsCard } from './repairs-card'
import { SwitchDialog } from './switch-dialog'
import { SwitchPlanCard } from './switch-plan-card'

export interface ReadyToSwitchProps {
  /** The migration that made the copy. */
  jobId: string | null
  state: AdminState
}

/** The copy stands: both sides counted, and the decision. */
export function ReadyToSwitch({ jobId, state }: ReadyToSwitchProps) {
  const t = useTranslations('migration')
  const common = useTranslations('common')
  const queryClient = useQueryClient()
  const [asks, setAsks] = useState<'switch' | 'keep' | null>(null)
  const live = state.state.mode === 'live'
  // Of a copy that follows, counts are another thing at each moment on the two sides; it is proved row by row instead.
  const counts = useQuery({ ...countsQuery(), enabled: !live })
  const migration = useQuery({ ...jobQuery(jobId ?? ''), enabled: jobId !== null })
  const discard = useMutation(startJobMutation(queryClient))
  const verdict = counts.data && judge(counts.data.tables)
  const differs = verdict?.state === 'different'
  return (
    <>
      <Card aria-labelledby="ready">
        <CardHeader title={t('ready.title')} titleId="ready" description={t(live ? 'ready.bodyLive' : 'ready.body')} />
        <CardBody>
          <EnginePicture state={state} />
          <p className="mt-4 text-ink-soft text-sm">{t('ready.otherwise')}</p>
          {differs ? <Callout tone="danger" title={t('ready.differ')} className="mt-4" /> : null}
          {discard.error ? <ErrorPanel error={discard.error} announce className="mt-4" /> : null}
        </CardBody>
        <CardFooter className="max-sm:flex-col max-sm:items-stretch">
          <Button variant="primary" size="large" disabled={differs} onClick={() => setAsks('switch')} icon={<ArrowRightLeft aria-hidden />}>
            {t('ready.switch')}
          </Button>
          <Button size="large" onClick={() => setAsks('keep')} pending={discard.isPending} icon={<Undo2 aria-hidden />}>
            {t('ready.keep')}
          </Button>
          {jobId === null ? null : (
            <Link
              href={`/admin/activity/${jobId}`}
              className="rounded px-2 text-info-ink text-sm underline-offset-4 hover:underline max-sm:py-2 max-sm:text-center sm:ml-auto"
            >
              {t('ready.log')}
            </Link>
          )}
        </CardFooter>
      </Card>
      {live ? <SwitchPlanCard /> : null}
      {live ? <FollowingCard /> : null}
      {migration.data ? <RepairsCard job={migration.data} /> : null}
      {counts.error ? <ErrorPanel error={counts.error} onRetry={() => void counts.refetch()} /> : null}
      {counts.isLoading ? <LoadingCard label={common('loading')} rows={6} /> : null}
      {counts.data ? (
        <>
          <VerdictPanel tables={counts.data.tables} source={counts.data.source} target={counts.data.target} facts={[]} />
          <Card aria-labelledby="counts">
            <CardHeader
              title={t('ready.counts')}
              titleId="counts"
              description={<TimeStamp iso={counts.data.readAt} relative />}
              actions={
                <Button size="small" pending={counts.isFetching} onClick={() => void counts.refetch()} icon={<ListRestart aria-hidden />}>
                  {t('ready.recount')}
                </Button>
              }
            />
            <ComparisonTable tables={counts.data.tables} />
          </Card>
        </>
      ) : null}
      <SwitchDialog
        open={asks === 'switch'}
        onOpenChange={(open) => setAsks(open ? 'switch' : null)}
        targetLabel={state.state.targetLabel ?? null}
      />
      <AlertDialog
        open={asks === 'keep'}
        onOpenChange={(open) => setAsks(open ? 'keep' : null)}
        title={t('keepDialog.title')}
        description={t('keepDialog.body')}
        footer={
          <>
            <Button
              variant="danger"
              onClick={() => {
                setAsks(null)
                discard.mutate({ kind: 'discard' })
              }}
            >
              {t('ready.keep')}
            </Button>
            <Button onClick={() => setAsks(null)}>{common('cancel')}</Button>
          </>
        }
      />
    </>
  )
}
