'use client'

import { useQuery } from '@tanstack/react-query'
import { LineChart as Icon } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { lazy, Suspense, useState } from 'react'
import { ErrorPanel } from '@/components/api/error-panel'
import { useFormatters } from '@/components/format/use-formatters'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import { EmptyState } from '@/components/ui/empty-state'
import { Segments } from '@/components/ui/segments'
import { Skeleton, SkeletonBlock } from '@/components/ui/skeleton'
import type { History, HistoryFigures, HistoryRange } from '@/lib/monitoring/history-points'
import { historyQuery } from './database-queries'
import { strokeOf } from './stroke'

// The chart library is large and only this card wants it.
const HistoryChart = lazy(() => import('./history-chart'))

type Figure = keyof HistoryFigures
interface Chart {
  readonly id: 'size' | 'connections' | 'cache' | 'transactions' | 'writes' | 'dead' | 'wal' | 'free' | 'busy'
  readonly figures: readonly Figure[]
  readonly unit: 'bytes' | 'number' | 'share'
}

const charts: Readonly<Record<'sqlite' | 'postgresql', readonly Chart[]>> = {
  postgresql: [
    { id: 'size', figures: ['sizeBytes', 'tablesBytes', 'indexesBytes'], unit: 'bytes' },
    { id: 'connections', figures: ['connections', 'idleInTransaction', 'blocked'], unit: 'number' },
    { id: 'transactions', figures: ['transactionsPerSecond'], unit: 'number' },
    { id: 'writes', figures: ['writesPerSecond'], unit: 'number' },
    { id: 'cache', figures: ['cacheHitShare'], unit: 'share' },
    { id: 'wal', figures: ['walBytesPerSecond'], unit: 'bytes' },
  ],
  sqlite: [
    { id: 'size', figures: ['sizeBytes', 'freeBytes'], unit: 'bytes' },
    { id: 'writes', figures: ['writesPerSecond'], unit: 'number' },
    { id: 'wal', figures: ['walBytes'], unit: 'bytes' },
    { id: 'busy', figures: ['busyShare'], unit: 'share' },
  ],
}

/** What the worker measured, drawn; times without a measurement stay empty. */
export function HistoryCard({ engine }: { engine: 'sqlite' | 'postgresql' }) {
  const t = useTranslations('database.history')
  const [range, setRange] = useState<HistoryRange>('day')
  const { data, error, refetch } = useQuery(historyQuery(range))
  const points = data?.points.filter((point) => point.engine === engine) ?? []
  return (
    <Card aria-labelledby="database-history">
      <CardHeader
        title={t('title')}
        titleId="database-history"
        description={t('body')}
        actions={
          <Segments
            label={t('range')}
            value={range}
            onChange={setRange}
            items={(['day', 'week', 'quarter'] as const).map((value) => ({ value, label: t(`ranges.${value}`) }))}
          />
        }
      />
      <CardBody>
        {error && !data ? <ErrorPanel error={error} onRetry={() => void refetch()} /> : null}
        {!data && !error ? <SkeletonBlock label={t('loading')} rows={4} /> : null}
        {data && points.length < 2 ? (
          <EmptyState icon={<Icon aria-hidden />} title={t('young')} className="py-6">
            {t('youngBody')}
          </EmptyState>
        ) : null}
        {data && points.length >= 2 ? (
          <div className="grid gap-x-6 gap-y-5 sm:grid-cols-2 lg:grid-cols-3">
            {charts[engine].map((chart) => (
              <ChartBox key={chart.id} chart={chart} history={{ ...data, points }} />
            ))}
          </div>
        ) : null}
      </CardBody>
    </Card>
  )
}

function ChartBox({ chart, history }: { chart: Chart; history: History }) {
  const t = useTranslations('database.history')
  const format = useFormatters()
  const write = (figure: number) =>
    chart.unit === 'bytes'
      ? format.bytes(figure)
      : chart.unit === 'share'
        ? format.percent(figure)
        : format.number(Math.round(figure * 10) / 10)
  const [main = 'sizeBytes'] = chart.figures
  const known = history.points.map(({ figures }) => figures[main]).filter((figure) => figure !== null)
  const last = known.at(-1)
  const summary =
    last === undefined
      ? t('noFigures')
      : t('summary', { last: write(last), lowest: write(Math.min(...known)), highest: write(Math.max(...known)) })
  return (
    <figure className="min-w-0">
      <figcaption className="mb-1 flex items-baseline justify-between gap-2 text-sm">
        <span className="font-medium">{t(`charts.${chart.id}`)}</span>
        <span className="tabular text-ink-soft text-xs">{last === undefined ? '–' : write(last)}</span>
      </figcaption>
      <p className="sr-only">{summary}</p>
      {chart.figures.length > 1 ? (
        <ul className="mb-1 flex flex-wrap gap-x-3 text-ink-soft text-xs">
          {chart.figures.map((figure, place) => (
            <li key={figure} className="flex items-center gap-1.5">
              <span aria-hidden className="h-0.5 w-3 rounded" style={{ background: strokeOf(place) }} />
              {t(`figures.${figure}`)}
            </li>
          ))}
        </ul>
      ) : null}
      <div className="h-32 border-line border-b border-l">
        <Suspense fallback={<Skeleton className="h-32" />}>
          <HistoryChart
            history={history}
            figures={chart.figures}
            write={write}
            nameOf={(figure) => t(`figures.${figure}`)}
            label={t(`charts.${chart.id}`)}
            isShare={chart.unit === 'share'}
          />
        </Suspense>
      </div>
    </figure>
  )
}
