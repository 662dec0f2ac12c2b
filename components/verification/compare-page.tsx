'use client'

import { useQuery } from '@tanstack/react-query'
import { Equal } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { PageHeader } from '@/components/admin/page-header'
import { ErrorPanel } from '@/components/api/error-panel'
import { TimeStamp } from '@/components/format/time-stamp'
import { useFormatters } from '@/components/format/use-formatters'
import { FindingsTable } from '@/components/jobs/findings-table'
import { Badge } from '@/components/ui/badge'
import { LinkButton } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { Card, CardHeader } from '@/components/ui/card'
import { classNames } from '@/components/ui/class-names'
import { EmptyState } from '@/components/ui/empty-state'
import { LoadingCard } from '@/components/ui/loading-card'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@/components/ui/table'
import type { ReportComparison } from '@/lib/verification/report-comparison'
import { grew, judgeComparison } from './comparison-verdict'
import { type Compared, comparisonQuery } from './verification-queries'

/** Two kept reports against each other: what changed from the earlier one to the later one. */
export function ComparePage({ one, other }: { one: string; other: string }) {
  const t = useTranslations('verification.compare')
  const common = useTranslations('verification')
  const { data, error, refetch } = useQuery(comparisonQuery(one, other))
  return (
    <>
      <PageHeader back={{ href: '/admin/verification', label: common('backToList') }} title={t('title')} description={t('description')} />
      {error ? <ErrorPanel error={error} onRetry={() => void refetch()} /> : null}
      {!data && !error ? <LoadingCard label={common('loadingReport')} rows={6} /> : null}
      {data ? (
        <div className="flex flex-col gap-4">
          <Verdict data={data} />
          <Card className="grid gap-px overflow-hidden bg-line sm:grid-cols-2">
            {(['earlier', 'later'] as const).map((which) => (
              <ReportSide
                key={which}
                which={which}
                line={data[which]}
                status={data.comparison.status[which === 'earlier' ? 'before' : 'after']}
              />
            ))}
          </Card>
          <ChangedTables comparison={data.comparison} />
          {data.comparison.versions.map(({ side, before, after }) => (
            <p key={side} className="text-sm">
              {t('version', { side: common(side), before, after })}
            </p>
          ))}
          <FindingList title={t('newFindings')} findings={data.comparison.newFindings} id="new-findings" />
          <FindingList title={t('goneFindings')} findings={data.comparison.goneFindings} id="gone-findings" />
        </div>
      ) : null}
    </>
  )
}

const tones = { broken: 'danger', worse: 'danger', other: 'warning', same: 'info', better: 'success', fixed: 'success' } as const

function Verdict({ data: { earlier, later, comparison } }: { data: Compared }) {
  const t = useTranslations('verification.compare')
  const format = useFormatters()
  const { kind, ...counts } = judgeComparison(comparison)
  const apartMs = Date.parse(later.createdAt) - Date.parse(earlier.createdAt)
  return (
    <Callout tone={tones[kind]} title={t(kind)}>
      <p>{t('summary', counts)}</p>
      <p className="text-ink-faint text-xs">{t('apart', { duration: format.duration(apartMs) })}</p>
    </Callout>
  )
}

interface ReportSideProps {
  which: 'earlier' | 'later'
  line: Compared['earlier']
  status: 'succeeded' | 'failed'
}

function ReportSide({ which, line, status }: ReportSideProps) {
  const t = useTranslations('verification.compare')
  const common = useTranslations('verification')
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-1 bg-surface px-4 py-3 text-sm sm:px-5">
      <div className="min-w-0 flex-1">
        <p className="text-ink-faint text-xs">{t(which)}</p>
        <p className="font-medium">
          <TimeStamp iso={line.createdAt} />
        </p>
        <p className="truncate text-ink-soft">{line.requestedBy}</p>
      </div>
      <Badge tone={status === 'succeeded' ? 'success' : 'danger'}>{common(`reportState.${status}`)}</Badge>
      <LinkButton href={`/admin/verification/${line.id}`} variant="quiet" size="small">
        {t('open')}
      </LinkButton>
    </div>
  )
}

function ChangedTables({ comparison }: { comparison: ReportComparison }) {
  const t = useTranslations('verification.compare')
  const common = useTranslations('verification')
  const { tables, unchangedTables } = comparison
  const ordered = [...tables].sort((a, b) => grew(b) - grew(a) || a.table.localeCompare(b.table))
  const ink = { identical: 'text-success-ink', different: 'text-danger-ink', unknown: 'text-warning-ink' } as const
  const contentOf = (side: ReportComparison['tables'][number]['after']) => (side ? common(`contentState.${side.content}`) : t('noTable'))
  return (
    <Card aria-labelledby="changed-tables">
      <CardHeader
        title={t('changedTables', { count: tables.length })}
        titleId="changed-tables"
        description={t('unchanged', { count: unchangedTables })}
      />
      {tables.length === 0 ? (
        <EmptyState icon={<Equal />} title={t('nothing')} className="border-line border-t">
          {t('nothingBody')}
        </EmptyState>
      ) : (
        <Table label={t('changedTables', { count: tables.length })}>
          <TableHead>
            <tr>
              <TableHeader>{common('table')}</TableHeader>
              <TableHeader className="text-right">{common('sourceRows')}</TableHeader>
              <TableHeader className="text-right">{common('targetRows')}</TableHeader>
              <TableHeader>{common('content')}</TableHeader>
              <TableHeader className="text-right">{common('filterDifferences')}</TableHeader>
            </tr>
          </TableHead>
          <TableBody>
            {ordered.map(({ table, before, after }) => (
              <TableRow key={table}>
                <TableCell className="min-w-28 break-words font-medium">{table}</TableCell>
                <Change before={before?.sourceRows} after={after?.sourceRows} />
                <Change before={before?.targetRows} after={after?.targetRows} />
                <TableCell className="whitespace-nowrap">
                  <span className={classNames(after ? ink[after.content] : 'text-ink-faint')}>{contentOf(after)}</span>
                  {contentOf(before) === contentOf(after) ? null : (
                    <span className="block text-ink-faint text-xs">{t('was', { before: contentOf(before) })}</span>
                  )}
                </TableCell>
                <Change before={before?.differencesTotal} after={after?.differencesTotal} isFault />
              </TableRow>
            ))}
          </TableBody>
        </Table>
      )}
    </Card>
  )
}

interface ChangeProps {
  before: number | null | undefined
  after: number | null | undefined
  /** More of it is worse. Default: false. */
  isFault?: boolean
}

/** What it is, and below by how much it is more or less than it was. */
function Change({ before, after, isFault = false }: ChangeProps) {
  const format = useFormatters()
  const by = (after ?? 0) - (before ?? 0)
  return (
    <TableCell className="tabular text-right">
      {after === null || after === undefined ? '–' : format.number(after)}
      {by === 0 ? null : (
        <span className={classNames('block text-xs', !isFault ? 'text-ink-soft' : by > 0 ? 'text-danger-ink' : 'text-success-ink')}>
          {format.signed(by)}
        </span>
      )}
    </TableCell>
  )
}

function FindingList({ title, findings, id }: { title: string; findings: ReportComparison['newFindings']; id: string }) {
  if (findings.length === 0) return null
  return (
    <Card aria-labelledby={id}>
      <CardHeader title={title} titleId={id} />
      <FindingsTable of="proof" findings={findings} />
    </Card>
  )
}
