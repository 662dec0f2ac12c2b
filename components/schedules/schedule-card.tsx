'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { CalendarClock } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { ErrorPanel } from '@/components/api/error-panel'
import { TimeStamp } from '@/components/format/time-stamp'
import { Button, LinkButton } from '@/components/ui/button'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import { SkeletonBlock } from '@/components/ui/skeleton'
import type { SchedulableKind, Schedule } from '@/lib/jobs/schedule'
import { ScheduleForm } from './schedule-form'
import { removeScheduleMutation, saveScheduleMutation, schedulesQuery } from './schedule-queries'

export interface ScheduleCardProps {
  kind: SchedulableKind
  title: string
  description: string
  /** Offered for a new schedule. */
  suggestion: string
  /** What a new one tells its jobs. Default: nothing. */
  payload?: Readonly<Record<string, unknown>>
}

/** What the worker does on its own, of one kind: the coming runs, the last one, and the way to change it. */
export function ScheduleCard({ kind, title, description, suggestion, payload = {} }: ScheduleCardProps) {
  const t = useTranslations('schedules')
  const { data, error, refetch } = useQuery(schedulesQuery(kind))
  const [edited, setEdited] = useState<Schedule | 'new' | null>(null)
  return (
    <Card aria-labelledby={`schedule-${kind}`}>
      <CardHeader
        title={title}
        titleId={`schedule-${kind}`}
        description={description}
        actions={
          edited === null && data ? (
            <Button onClick={() => setEdited('new')} icon={<CalendarClock aria-hidden />}>
              {t('add')}
            </Button>
          ) : undefined
        }
      />
      <CardBody className="flex flex-col gap-3">
        {error ? <ErrorPanel error={error} onRetry={() => void refetch()} /> : null}
        {!data && !error ? <SkeletonBlock label={t('loading')} rows={1} /> : null}
        {data?.length === 0 && edited === null ? <p className="text-ink-faint text-sm">{t('none')}</p> : null}
        {data?.map((schedule) =>
          edited !== null && edited !== 'new' && edited.id === schedule.id ? null : (
            <ScheduleLine key={schedule.id} schedule={schedule} onEdit={() => setEdited(schedule)} />
          ),
        )}
        {edited === null ? null : (
          <ScheduleForm
            kind={kind}
            suggestion={suggestion}
            payload={payload}
            {...(edited === 'new' ? {} : { schedule: edited })}
            onDone={() => setEdited(null)}
          />
        )}
      </CardBody>
    </Card>
  )
}

function ScheduleLine({ schedule, onEdit }: { schedule: Schedule; onEdit: () => void }) {
  const t = useTranslations('schedules')
  const queryClient = useQueryClient()
  const save = useMutation(saveScheduleMutation(queryClient))
  const remove = useMutation(removeScheduleMutation(queryClient))
  const { id, kind, payload, cron, zone, enabled, nextRuns, lastRunAt, lastJobId, lastSkip } = schedule
  const failure = save.error ?? remove.error
  return (
    <div className="flex flex-col gap-2 rounded-md border border-line px-3 py-2.5 text-sm">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 max-sm:basis-full">
          <p>
            <code className="font-medium font-mono">{cron}</code> <span className="text-ink-faint">{zone}</span>
            {enabled ? null : <span className="text-warning-ink"> · {t('off')}</span>}
          </p>
          {nextRuns.length === 0 ? null : (
            <p className="flex flex-wrap gap-x-3 text-ink-soft text-xs">
              <span>{t('next')}</span>
              {nextRuns.map((run) => (
                <TimeStamp key={run} iso={run} />
              ))}
            </p>
          )}
          {lastRunAt === null ? null : (
            <p className="flex flex-wrap gap-x-2 text-ink-faint text-xs">
              <span>{t('last')}</span>
              <TimeStamp iso={lastRunAt} relative />
              {lastSkip === null ? null : <span className="text-warning-ink">{t(`skip.${lastSkip}`)}</span>}
            </p>
          )}
        </div>
        {lastJobId === null ? null : (
          <LinkButton href={`/admin/activity/${lastJobId}`} variant="quiet" size="small">
            {t('lastJob')}
          </LinkButton>
        )}
        <Button
          size="small"
          pending={save.isPending}
          onClick={() => save.mutate({ id, input: { kind, payload, cron, zone, enabled: !enabled } })}
        >
          {t(enabled ? 'switchOff' : 'switchOn')}
        </Button>
        <Button size="small" onClick={onEdit}>
          {t('change')}
        </Button>
        <Button size="small" variant="quiet" pending={remove.isPending} onClick={() => remove.mutate(id)}>
          {t('remove')}
        </Button>
      </div>
      {failure ? <ErrorPanel error={failure} announce /> : null}
    </div>
  )
}
