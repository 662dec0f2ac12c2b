'use client'

import { useTranslations } from 'next-intl'
import { TimeStamp } from '@/components/format/time-stamp'
import { useFormatters } from '@/components/format/use-formatters'
import { Badge } from '@/components/ui/badge'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import { type HealthReport, healthLevels } from '@/lib/monitoring/health-report'
import { levelLooks } from './level-looks'

/** Which database, how many checks came to what, and the figures that matter most. */
export function SummaryCard({ report }: { report: HealthReport }) {
  const t = useTranslations('database')
  const facts = useFacts(report)
  const counts = healthLevels.map((level) => ({ level, count: report.checks.filter((check) => check.level === level).length }))
  return (
    <Card aria-labelledby="database-summary">
      <CardHeader
        title={t(`engine.${report.engine}`, { version: report.version ?? '' })}
        titleId="database-summary"
        description={<span className="break-all">{report.label}</span>}
        actions={
          <span className="text-ink-faint text-xs">
            {t('readAt')} <TimeStamp iso={report.readAt} relative />
          </span>
        }
      />
      <CardBody className="flex flex-col gap-4">
        <ul className="flex flex-wrap gap-2">
          {counts
            .filter(({ count }) => count > 0)
            .map(({ level, count }) => {
              const { Icon, tone } = levelLooks[level]
              return (
                <li key={level}>
                  <Badge tone={tone} icon={<Icon aria-hidden />}>
                    {t(`levelCount.${level}`, { count })}
                  </Badge>
                </li>
              )
            })}
        </ul>
        <dl className="grid grid-cols-2 gap-x-6 gap-y-3 sm:grid-cols-3 lg:grid-cols-6">
          {facts.map(([name, value]) => (
            <div key={name} className="min-w-0">
              <dt className="text-ink-faint text-xs">{name}</dt>
              <dd className="tabular truncate font-medium text-base">{value}</dd>
            </div>
          ))}
        </dl>
      </CardBody>
    </Card>
  )
}

function useFacts(report: HealthReport): readonly (readonly [string, string])[] {
  const t = useTranslations('database.facts')
  const common = useTranslations('common')
  const format = useFormatters()
  const missing = common('notMeasured')
  const count = report.totals.tables === null ? missing : format.number(report.totals.tables)
  if (report.engine === 'sqlite') {
    const { file, writes } = report.panels
    const known = file.status === 'known' ? file.data : null
    const rate = writes.status === 'known' ? writes.data.writesPerSecond : null
    return [
      [t('size'), known ? format.bytes(known.sizeBytes) : missing],
      [t('wal'), known ? format.bytes(known.walBytes) : missing],
      [t('freePages'), known ? format.bytes(known.freePages * known.pageSizeBytes) : missing],
      [t('journal'), known?.journalMode.toUpperCase() ?? missing],
      [t('writeRate'), rate === null ? missing : t('perSecond', { rate: format.number(Math.round(rate * 100) / 100) })],
      [t('tables'), count],
    ]
  }
  const { server, activity } = report.panels
  const known = server.status === 'known' ? server.data : null
  const sessions = activity.status === 'known' ? activity.data : null
  const bytes = (figure: number | null) => (figure === null ? missing : format.bytes(figure))
  return [
    [t('size'), known ? format.bytes(known.sizeBytes) : missing],
    [t('tablesSize'), bytes(report.totals.tablesBytes)],
    [t('indexesSize'), bytes(report.totals.indexesBytes)],
    [t('connections'), sessions ? `${format.number(sessions.used)} / ${format.number(sessions.limit - sessions.reserved)}` : missing],
    [t('cacheHits'), known?.hitShare == null ? missing : format.percent(known.hitShare)],
    [t('tables'), count],
  ]
}
