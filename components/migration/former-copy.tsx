'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ArrowRightLeft } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import type { AdminState } from '@/components/admin/state-queries'
import { ErrorPanel } from '@/components/api/error-panel'
import { useFormatters } from '@/components/format/use-formatters'
import { startJobMutation } from '@/components/jobs/job-queries'
import { AlertDialog } from '@/components/ui/alert-dialog'
import { Button } from '@/components/ui/button'
import { Card, CardBody, CardFooter, CardHeader } from '@/components/ui/card'
import { LoadingCard } from '@/components/ui/loading-card'
import { type Former, formerQuery } from './former-queries'
import { LeftBehindCard } from './left-behind-card'
import { shownEstimate } from './shown-estimate'

/** The copy that the app was switched back from: forward again without copying everything, or what stayed behind there. */
export function FormerCopy({ former }: { former: NonNullable<AdminState['state']['former']> }) {
  const common = useTranslations('common')
  const query = useQuery(formerQuery())
  const queryClient = useQueryClient()
  const start = useMutation(startJobMutation(queryClient))
  const [asks, setAsks] = useState(false)
  const t = useTranslations('migration.former')
  const putAway = () => setAsks(true)
  return (
    <>
      {query.error && !query.data ? <ErrorPanel error={query.error} onRetry={() => void query.refetch()} /> : null}
      {query.isPending ? <LoadingCard label={common('loading')} rows={3} /> : null}
      {query.data?.forward ? (
        <Forward
          forward={query.data.forward}
          former={former}
          pending={start.isPending}
          onForward={() => start.mutate({ kind: 'forward' })}
          onPutAway={putAway}
        />
      ) : null}
      {query.data?.emergency ? (
        <LeftBehindCard emergency={query.data.emergency} targetLabel={former.targetLabel} onPutAway={putAway} />
      ) : null}
      {start.error ? <ErrorPanel error={start.error} announce /> : null}
      <AlertDialog
        open={asks}
        onOpenChange={setAsks}
        title={t(`putAway.${former.how}.title`)}
        description={t(`putAway.${former.how}.body`)}
        footer={
          <>
            <Button
              variant="danger"
              onClick={() => {
                setAsks(false)
                start.mutate({ kind: 'forget' })
              }}
            >
              {t('putAway.submit')}
            </Button>
            <Button onClick={() => setAsks(false)}>{common('cancel')}</Button>
          </>
        }
      />
    </>
  )
}

interface ForwardProps {
  forward: NonNullable<Former['forward']>
  former: NonNullable<AdminState['state']['former']>
  pending: boolean
  onForward: () => void
  onPutAway: () => void
}

function Forward({ forward, former, pending, onForward, onPutAway }: ForwardProps) {
  const t = useTranslations('migration.former')
  const format = useFormatters()
  return (
    <Card aria-labelledby="former">
      <CardHeader title={t('title')} titleId="former" description={t('body', { when: format.dateTime(former.at) })} />
      <CardBody className="flex flex-col gap-2 text-sm">
        <p className="break-all font-mono text-ink-soft text-xs">{former.targetLabel}</p>
        {forward.status === 'possible' ? (
          <p>{t('possible', { count: forward.changes, time: format.duration(shownEstimate(forward.estimatedMs)) })}</p>
        ) : forward.status === 'impossible' ? (
          <>
            <p className="font-medium">{t(`obstacle.${forward.obstacle}`)}</p>
            <p className="text-ink-soft">{t('copyAgain')}</p>
          </>
        ) : (
          <>
            <p className="font-medium">{t('unknown')}</p>
            <p lang="en" className="text-ink-soft">
              {forward.message}
            </p>
          </>
        )}
      </CardBody>
      <CardFooter className="max-sm:flex-col max-sm:items-stretch">
        {forward.status === 'possible' ? (
          <Button variant="primary" pending={pending} onClick={onForward} icon={<ArrowRightLeft aria-hidden />}>
            {t('forward')}
          </Button>
        ) : null}
        <Button onClick={onPutAway}>{t('putAway.open')}</Button>
      </CardFooter>
    </Card>
  )
}
