'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { CircleCheck, CircleHelp, Play, TriangleAlert } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useEffect } from 'react'
import { adminStateQuery } from '@/components/admin/state-queries'
import { ErrorPanel } from '@/components/api/error-panel'
import { TimeStamp } from '@/components/format/time-stamp'
import { useFormatters } from '@/components/format/use-formatters'
import { isActive, recentJobsQuery, startJobMutation } from '@/components/jobs/job-queries'
import { Button } from '@/components/ui/button'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import { classNames } from '@/components/ui/class-names'
import { SkeletonBlock } from '@/components/ui/skeleton'
import type { FunctionOutcome } from '@/lib/verification/function-report'
import { FunctionChecklist } from './function-checklist'
import { useFunctionCause } from './use-function-cause'
import { functionsQuery, verificationKeys } from './verification-queries'

const looks = {
  passed: { Icon: CircleCheck, ink: 'text-success-ink' },
  failed: { Icon: TriangleAlert, ink: 'text-danger-ink' },
  unknown: { Icon: CircleHelp, ink: 'text-warning-ink' },
} as const

/** The app's functions, tried for real on the active database, and the checklist of those that a person must try. */
export function FunctionsCard() {
  const t = useTranslations('verification.functions')
  const queryClient = useQueryClient()
  const { data: state } = useQuery(adminStateQuery())
  const { data: reports, error, refetch } = useQuery(functionsQuery())
  const { data: jobs } = useQuery(recentJobsQuery(20))
  const start = useMutation(startJobMutation(queryClient))
  const job = jobs?.find(({ kind }) => kind === 'functions')
  const isRunning = job !== undefined && isActive(job)
  const jobStatus = job?.status
  useEffect(() => {
    // The list of jobs is what tells that one has ended: its report is there then.
    if (jobStatus === 'succeeded') void queryClient.invalidateQueries({ queryKey: verificationKeys.functions })
  }, [jobStatus, queryClient])
  const status = state?.state.status
  const canRun = status === 'on-sqlite' || status === 'on-postgresql'
  const latest = reports?.[0]
  const failure = start.error ?? error ?? (job && !isActive(job) && job.error ? job.error : null)
  return (
    <Card aria-labelledby="functions">
      <CardHeader
        title={t('title')}
        titleId="functions"
        description={t('description')}
        actions={
          <Button
            pending={start.isPending || isRunning}
            disabled={!canRun}
            onClick={() => start.mutate({ kind: 'functions' })}
            icon={<Play aria-hidden />}
          >
            {t(latest ? 'again' : 'run')}
          </Button>
        }
      />
      <CardBody className="flex flex-col gap-3">
        {state && !canRun ? <p className="text-ink-faint text-sm">{t(state.state.mode === 'live' ? 'afterSwitch' : 'readOnly')}</p> : null}
        {failure ? <ErrorPanel error={failure} onRetry={() => void refetch()} /> : null}
        {!reports && !error ? <SkeletonBlock label={t('loading')} rows={3} /> : null}
        {reports?.length === 0 ? <p className="text-ink-faint text-sm">{t('none')}</p> : null}
        {latest ? (
          <>
            <p className="flex flex-wrap gap-x-2 text-ink-soft text-sm">
              <span>{t(`status.${latest.result.status}`)}</span>
              <span className="text-ink-faint">{t('on', { engine: latest.result.engine === 'sqlite' ? 'SQLite' : 'PostgreSQL' })}</span>
              <TimeStamp iso={latest.createdAt} relative />
              <span className="text-ink-faint">{t('by', { name: latest.requestedBy })}</span>
            </p>
            <ul className="grid gap-x-6 sm:grid-cols-2">
              {latest.result.outcomes.map((outcome) => (
                <Outcome key={outcome.name} outcome={outcome} />
              ))}
            </ul>
            <FunctionChecklist report={latest} />
          </>
        ) : null}
      </CardBody>
    </Card>
  )
}

const knownNames = ['password-sign-in', 'oauth-account', 'encrypted-cv', 'stored-cv', 'subscription-plan', 'credit-balances'] as const

function Outcome({ outcome }: { outcome: FunctionOutcome }) {
  const t = useTranslations('verification.functions')
  const format = useFormatters()
  const { Icon, ink } = looks[outcome.status]
  const wordFunctionCause = useFunctionCause()
  const known = knownNames.find((name) => name === outcome.name)
  return (
    <li className="flex items-start gap-2 border-line border-b py-2 text-sm">
      <Icon aria-hidden className={classNames('mt-0.5 size-4 shrink-0', ink)} />
      <span className="min-w-0">
        <span className="block font-medium">
          {known ? t(`name.${known}`) : outcome.name}{' '}
          <span className={classNames('font-normal', ink)}>· {t(`outcome.${outcome.status}`)}</span>
        </span>
        <span className="block text-ink-faint text-xs">
          {wordFunctionCause(outcome) ?? (known ? t(`seen.${known}`, { count: outcome.seen }) : format.number(outcome.seen))}
        </span>
      </span>
    </li>
  )
}
