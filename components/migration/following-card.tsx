'use client'

import { useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { ErrorPanel } from '@/components/api/error-panel'
import { ExplainLink } from '@/components/api/explain-link'
import { Badge } from '@/components/ui/badge'
import { Callout } from '@/components/ui/callout'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import { SkeletonBlock } from '@/components/ui/skeleton'
import { LagFigures } from './lag-figures'
import { followQuery } from './live-queries'

const tones = { following: 'success', waiting: 'warning', stopped: 'danger' } as const

/** A copy that stands ready follows the app: how far it is behind, and what is wrong when it cannot. */
export function FollowingCard() {
  const t = useTranslations('migration.live')
  const { data, error, isPending, refetch } = useQuery(followQuery())
  return (
    <Card aria-labelledby="following">
      <CardHeader
        title={t('title')}
        titleId="following"
        description={t('body')}
        actions={data ? <Badge tone={tones[data.status]}>{t(`status.${data.status}`)}</Badge> : undefined}
      />
      <CardBody className="flex flex-col gap-4">
        {error && !data ? <ErrorPanel error={error} onRetry={() => void refetch()} /> : null}
        {isPending ? <SkeletonBlock label={t('title')} rows={2} /> : null}
        {data === null ? <p className="text-ink-soft text-sm">{t('notYet')}</p> : null}
        {data?.error ? (
          <Callout tone={data.status === 'stopped' ? 'danger' : 'warning'} title={t(`stopped.${data.status}`)} live="status">
            {data.error.message} {data.error.hint} <ExplainLink code={data.error.code} />
          </Callout>
        ) : null}
        {data ? <LagFigures points={data.points} /> : null}
      </CardBody>
    </Card>
  )
}
