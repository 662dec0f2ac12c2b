'use client'

import { useQuery } from '@tanstack/react-query'
import { RefreshCw } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { ErrorPanel } from '@/components/api/error-panel'
import { CopyButton } from '@/components/preflight/copy-button'
import { Button } from '@/components/ui/button'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import { SkeletonBlock } from '@/components/ui/skeleton'
import { postgresLogQuery } from './log-queries'

/** The end of PostgreSQL's own log where it can be read, otherwise where it is. */
export function PostgresLogCard() {
  const t = useTranslations('logs.postgres')
  const log = useQuery(postgresLogQuery())
  const { data } = log
  if (data?.status === 'not-active') return null
  return (
    <Card aria-labelledby="postgres-log" className="overflow-hidden">
      <CardHeader
        title={t('title')}
        titleId="postgres-log"
        description={data?.status === 'read' ? <span className="break-all font-mono">{data.file}</span> : undefined}
        actions={
          <Button size="small" pending={log.isFetching} icon={<RefreshCw aria-hidden />} onClick={() => void log.refetch()}>
            {t('refresh')}
          </Button>
        }
      />
      {log.isPending ? (
        <CardBody>
          <SkeletonBlock label={t('title')} rows={3} />
        </CardBody>
      ) : null}
      {log.error && !data ? (
        <CardBody>
          <ErrorPanel error={log.error} />
        </CardBody>
      ) : null}
      {data?.status === 'read' ? (
        <section
          lang="en"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
          tabIndex={0}
          aria-label={t('title')}
          className="max-h-96 overflow-auto whitespace-pre-wrap break-words border-line border-t bg-sunken/40 px-4 py-2 font-mono text-xs leading-5 sm:px-5"
        >
          {data.truncated ? `…\n${data.lines.join('\n')}` : data.lines.join('\n')}
        </section>
      ) : null}
      {data?.status === 'not-readable' ? (
        <CardBody className="flex flex-col gap-2 text-sm">
          <p>{t(`reasons.${data.reason}`)}</p>
          <p className="break-words font-mono text-ink-faint text-xs">
            {[
              data.destination === null ? null : `log_destination = ${data.destination}`,
              data.directory === null ? null : `log_directory = ${data.directory}`,
            ]
              .filter((part) => part !== null)
              .join(' · ')}
          </p>
          <div className="flex items-start justify-between gap-2 rounded-md border border-line bg-sunken p-2">
            <pre className="min-w-0 whitespace-pre-wrap break-all pt-0.5 font-mono text-xs">{data.remedy}</pre>
            <CopyButton text={data.remedy} label={t('title')} />
          </div>
        </CardBody>
      ) : null}
    </Card>
  )
}
