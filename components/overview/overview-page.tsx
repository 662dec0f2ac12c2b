'use client'

import { useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { PageHeader } from '@/components/admin/page-header'
import { adminStateQuery } from '@/components/admin/state-queries'
import { WorkerNotice } from '@/components/admin/worker-notice'
import { ErrorPanel } from '@/components/api/error-panel'
import { OpenAlarms } from '@/components/backups/alarms/open-alarms'
import { RecoverAnswer } from '@/components/backups/recover-answer'
import { SwitchPlanNotice } from '@/components/migration/switch-plan-notice'
import { KeyAlarm } from '@/components/preflight/key-alarm'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import { SkeletonBlock } from '@/components/ui/skeleton'
import { EnginePicture } from './engine-picture'
import { LastJobs } from './last-jobs'
import { NextStep } from './next-step'
import { OverviewFacts } from './overview-facts'
import { overviewQuery } from './overview-queries'
import { RowsPerTable } from './rows-per-table'

/** The first page: where the data lives, how it is, what happened last, what to do next. */
export function OverviewPage() {
  const t = useTranslations('overview')
  const state = useQuery(adminStateQuery())
  const overview = useQuery(overviewQuery())
  return (
    <>
      <PageHeader title={t('title')} description={t('description')} />
      <div className="flex flex-col gap-4">
        <RecoverAnswer withLink />
        <OpenAlarms except={['backup-none']} />
        <WorkerNotice />
        <SwitchPlanNotice />
        <KeyAlarm />
        {state.error && !state.data ? <ErrorPanel error={state.error} onRetry={() => void state.refetch()} /> : null}
        <div className="grid gap-4 lg:grid-cols-[minmax(0,1fr)_20rem]">
          <Card aria-labelledby="where">
            <CardHeader title={t('where')} titleId="where" />
            <CardBody className="flex flex-col gap-5">
              {state.data ? <EnginePicture state={state.data} /> : <SkeletonBlock label={t('loading')} rows={3} />}
              <OverviewFacts overview={overview.data} state={state.data} failed={overview.isError && !overview.data} />
            </CardBody>
          </Card>
          {state.data ? <NextStep state={state.data} /> : null}
        </div>
        {overview.error && !overview.data ? <ErrorPanel error={overview.error} onRetry={() => void overview.refetch()} /> : null}
        <div className="grid items-start gap-4 lg:grid-cols-2">
          <RowsPerTable overview={overview.data} failed={overview.isError && !overview.data} />
          <LastJobs />
        </div>
      </div>
    </>
  )
}
