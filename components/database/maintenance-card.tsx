'use client'

import { useTranslations } from 'next-intl'
import { ExplainLink } from '@/components/api/explain-link'
import { useErrorText } from '@/components/api/use-error-text'
import { TimeStamp } from '@/components/format/time-stamp'
import { useFormatters } from '@/components/format/use-formatters'
import { JobStatusBadge } from '@/components/jobs/job-status-badge'
import { LinkButton } from '@/components/ui/button'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import { type MaintenanceOperation, maintenanceResultSchema } from '@/lib/core/maintenance-operations'
import type { JobView } from '@/lib/jobs/job'
import { MaintenanceButton } from './maintenance-button'

const offered: Readonly<Record<'sqlite' | 'postgresql', readonly MaintenanceOperation[]>> = {
  postgresql: ['vacuum', 'analyze', 'reindex', 'freeze'],
  sqlite: ['optimize', 'checkpoint', 'integrity-check', 'vacuum-file'],
}

const shownRuns = 6

export interface MaintenanceCardProps {
  engine: 'sqlite' | 'postgresql'
  /** Maintenance that has ended, newest first. */
  runs: readonly JobView[]
  isBusy: boolean
}

/** What can be done to the whole database now, and what was done last. */
export function MaintenanceCard({ engine, runs, isBusy }: MaintenanceCardProps) {
  const t = useTranslations('database')
  return (
    <Card aria-labelledby="database-maintenance">
      <CardHeader title={t('maintenance.title')} titleId="database-maintenance" description={t(`maintenance.body.${engine}`)} />
      <CardBody className="flex flex-col gap-4">
        <ul className="grid gap-2 sm:grid-cols-2">
          {offered[engine].map((operation) => (
            <li key={operation} className="flex items-start justify-between gap-3 rounded-md border border-line px-3 py-2.5 text-sm">
              <div className="min-w-0">
                <p className="font-medium">{t(`operations.${operation}.name`)}</p>
                <p className="text-ink-faint text-xs">{t(`operations.${operation}.body`)}</p>
              </div>
              <MaintenanceButton
                request={{ operation }}
                label={t('maintenance.runNow')}
                subject={t(`operations.${operation}.name`)}
                disabled={isBusy}
              />
            </li>
          ))}
        </ul>
        <div>
          <h3 className="mb-1.5 font-medium text-sm">{t('maintenance.last')}</h3>
          {runs.length === 0 ? <p className="text-ink-faint text-sm">{t('maintenance.none')}</p> : null}
          <ul className="flex flex-col divide-y divide-line">
            {runs.slice(0, shownRuns).map((run) => (
              <Run key={run.id} run={run} />
            ))}
          </ul>
        </div>
      </CardBody>
    </Card>
  )
}

function Run({ run }: { run: JobView }) {
  const t = useTranslations('database')
  const format = useFormatters()
  const errorText = useErrorText()
  const parsed = maintenanceResultSchema.safeParse(run.result)
  const result = parsed.success ? parsed.data : null
  const done = result?.items.filter(({ outcome }) => outcome === 'done').length ?? 0
  const left = (result?.items.length ?? 0) - done
  const freed =
    result && result.sizeBeforeBytes !== null && result.sizeAfterBytes !== null ? result.sizeBeforeBytes - result.sizeAfterBytes : 0
  const facts = [
    result ? t('maintenance.done', { count: done }) : null,
    left > 0 ? t('maintenance.left', { count: left }) : null,
    freed > 0 ? t('maintenance.freed', { size: format.bytes(freed) }) : null,
    result && result.problems.length > 0 ? t('maintenance.problems', { count: result.problems.length }) : null,
  ].filter((fact) => fact !== null)
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2 text-sm">
      <JobStatusBadge status={run.status} />
      <span className="font-medium">{result ? t(`operations.${result.operation}.name`) : t('maintenance.title')}</span>
      <span className="text-ink-soft">
        {run.error ? (
          <>
            {errorText(run.error).title} <ExplainLink code={run.error.code} />
          </>
        ) : (
          facts.join(' · ')
        )}
      </span>
      <span className="ml-auto flex items-center gap-2 text-ink-faint text-xs">
        <TimeStamp iso={run.finishedAt ?? run.createdAt} relative />
        <LinkButton href={`/admin/activity/${run.id}`} variant="quiet" size="small">
          {t('maintenance.open')}
        </LinkButton>
      </span>
    </li>
  )
}
