'use client'

import { useQuery } from '@tanstack/react-query'
import { Equal } from 'lucide-react'
import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { PageHeader } from '@/components/admin/page-header'
import { ErrorPanel } from '@/components/api/error-panel'
import { TimeStamp } from '@/components/format/time-stamp'
import { useFormatters } from '@/components/format/use-formatters'
import { FindingsTable } from '@/components/jobs/findings-table'
import { Card, CardHeader } from '@/components/ui/card'
import { EmptyState } from '@/components/ui/empty-state'
import { LoadingCard } from '@/components/ui/loading-card'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@/components/ui/table'
import type { ReportComparison } from '@/lib/verification/report-comparison'
import { comparisonQuery } from './verification-queries'

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
          <Card className="grid gap-px overflow-hidden bg-line sm:grid-cols-2">
            {(['earlier', 'later'] as const).map((which) => (
              <div key={which} className="bg-surface px-4 py-3 text-sm sm:px-5">
                <p className="text-ink-faint text-xs">{t(which)}</p>
                <Link href={`/admin/verification/${data[which].id}`} className="rounded font-medium underline-offset-4 hover:underline">
                  <TimeStamp iso={data[which].createdAt} />
                </Link>
                <p className="text-ink-soft">
                  {data[which].requestedBy} · {common(`reportState.${data.comparison.status[which === 'earlier' ? 'before' : 'after']}`)}
                </p>
              </div>
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

function ChangedTables({ comparison }: { comparison: ReportComparison }) {
  const t = useTranslations('verification.compare')
  const common = useTranslations('verification')
  const format = useFormatters()
  const { tables, unchangedTables } = comparison
  const count = (rows: number | null | undefined) => (rows === null || rows === undefined ? '–' : format.number(rows))
  const change = (before: string, after: string) => (before === after ? after : `${before} → ${after}`)
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
            {tables.map(({ table, before, after }) => (
              <TableRow key={table}>
                <TableCell className="break-all font-medium">{table}</TableCell>
                <TableCell className="text-right">{change(count(before?.sourceRows), count(after?.sourceRows))}</TableCell>
                <TableCell className="text-right">{change(count(before?.targetRows), count(after?.targetRows))}</TableCell>
                <TableCell>
                  {change(
                    before ? common(`contentState.${before.content}`) : t('noTable'),
                    after ? common(`contentState.${after.content}`) : t('noTable'),
                  )}
                </TableCell>
                <TableCell className="text-right">{change(count(before?.differencesTotal), count(after?.differencesTotal))}</TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      )}
    </Card>
  )
}

function FindingList({ title, findings, id }: { title: string; findings: ReportComparison['newFindings']; id: string }) {
  if (findings.length === 0) return null
  return (
    <Card aria-labelledby={id}>
      <CardHeader title={title} titleId={id} />
      <FindingsTable findings={findings} />
    </Card>
  )
}
