'use client'

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Pause, Play, ScrollText } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useDeferredValue, useMemo, useState } from 'react'
import { PageHeader } from '@/components/admin/page-header'
import { ErrorPanel } from '@/components/api/error-panel'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { EmptyState } from '@/components/ui/empty-state'
import { LoadingCard } from '@/components/ui/loading-card'
import { SearchInput } from '@/components/ui/search-input'
import { Segments } from '@/components/ui/segments'
import { type LogQuery, logLevels, logSources } from '@/lib/logs/log-entry'
import { LogLines } from './log-lines'
import { logKeys, logsQuery } from './log-queries'
import { PostgresLogCard } from './postgres-log-card'
import { useLiveLogs } from './use-live-logs'

const spans = { all: null, hour: 3_600_000, day: 86_400_000, week: 7 * 86_400_000 } as const
type Span = keyof typeof spans

/** The logs of web, worker and jobs in one list: searched, or followed as they are written. */
export function LogsPage() {
  const t = useTranslations('logs')
  const queryClient = useQueryClient()
  const [search, setSearch] = useState('')
  const [level, setLevel] = useState<LogQuery['level']>('info')
  const [source, setSource] = useState<LogQuery['source']>('all')
  const [span, setSpan] = useState<{ readonly name: Span; readonly since: string | undefined }>({ name: 'all', since: undefined })
  const [job, setJob] = useState('')
  const [live, setLive] = useState(false)
  const wanted = useDeferredValue(search)
  const { since } = span
  const query = useMemo<LogQuery>(() => ({ search: wanted.trim(), level, source, job, since }), [wanted, level, source, job, since])
  const found = useQuery(logsQuery(query))
  const following = useLiveLogs(query, live, () => void queryClient.invalidateQueries({ queryKey: logKeys.search(query) }))
  const entries = useMemo(() => {
    const known = new Set(following.lines.map(({ at, text, source: from }) => `${at} ${from} ${text}`))
    return [...following.lines, ...(found.data?.entries ?? []).filter(({ at, text, source: from }) => !known.has(`${at} ${from} ${text}`))]
  }, [following.lines, found.data])
  return (
    <>
      <PageHeader title={t('title')} description={t('description')} />
      <div className="flex flex-col gap-4">
        <Card aria-label={t('title')} className="overflow-hidden">
          <div className="flex flex-wrap items-center gap-2 px-4 py-3 sm:px-5">
            <SearchInput label={t('search')} value={search} onChange={setSearch} />
            <Segments
              label={t('level')}
              value={level}
              onChange={setLevel}
              items={logLevels.map((value) => ({ value, label: t(`levels.${value}`) }))}
            />
            <Segments
              label={t('source')}
              value={source}
              onChange={setSource}
              items={(['all', ...logSources] as const).map((value) => ({ value, label: t(`sources.${value}`) }))}
            />
            <Segments
              label={t('span')}
              value={span.name}
              onChange={(name) => {
                const lengthMs = spans[name]
                setSpan({ name, since: lengthMs === null ? undefined : new Date(Date.now() - lengthMs).toISOString() })
              }}
              items={(Object.keys(spans) as Span[]).map((value) => ({ value, label: t(`spans.${value}`) }))}
            />
            {job === '' ? null : (
              <Button size="small" onClick={() => setJob('')} aria-label={t('allJobs')}>
                {t('ofJob', { job: job.slice(0, 8) })} ×
              </Button>
            )}
            <div className="ml-auto flex items-center gap-2">
              {live ? <Badge tone={following.isOpen ? 'success' : 'warning'}>{t(following.isOpen ? 'live' : 'connecting')}</Badge> : null}
              <Button
                aria-pressed={live}
                icon={live ? <Pause aria-hidden /> : <Play aria-hidden />}
                onClick={() => {
                  if (live) void found.refetch()
                  setLive(!live)
                }}
              >
                {t(live ? 'pause' : 'follow')}
              </Button>
            </div>
          </div>
          {found.error && !found.data ? <ErrorPanel error={found.error} onRetry={() => void found.refetch()} className="m-4" /> : null}
          {found.isPending ? <LoadingCard label={t('loading')} rows={6} /> : null}
          {found.isSuccess && entries.length === 0 ? (
            <EmptyState icon={<ScrollText />} title={t('none')}>
              {t('noneBody')}
            </EmptyState>
          ) : null}
          {entries.length === 0 ? null : <LogLines entries={entries} onJob={setJob} />}
          {found.data?.more ? <p className="border-line border-t px-4 py-2 text-ink-faint text-xs sm:px-5">{t('more')}</p> : null}
        </Card>
        <PostgresLogCard />
      </div>
    </>
  )
}
