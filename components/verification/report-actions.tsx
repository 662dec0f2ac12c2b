'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { Download, GitCompareArrows, ShieldCheck } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { useTranslations } from 'next-intl'
import { ErrorPanel } from '@/components/api/error-panel'
import { useFormatters } from '@/components/format/use-formatters'
import { Button } from '@/components/ui/button'
import { buttonClasses } from '@/components/ui/button-classes'
import { Callout } from '@/components/ui/callout'
import { recheckMutation, reportsQuery } from './verification-queries'

const formats = ['html', 'csv', 'json'] as const

/** What can be done with a kept report: hand it on, make sure that it is what it was, hold it against another. */
export function ReportActions({ reportId }: { reportId: string }) {
  const t = useTranslations('verification.reportActions')
  const format = useFormatters()
  const router = useRouter()
  const { data: reports } = useQuery(reportsQuery())
  const recheck = useMutation(recheckMutation())
  const others = reports?.filter(({ id }) => id !== reportId) ?? []
  return (
    <section aria-label={t('title')} className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-2">
        {formats.map((name) => (
          <a
            key={name}
            href={`/api/verification/reports/${encodeURIComponent(reportId)}/download?format=${name}`}
            download
            className={buttonClasses({})}
          >
            <Download aria-hidden />
            {t(name)}
          </a>
        ))}
        <Button pending={recheck.isPending} onClick={() => recheck.mutate(reportId)} icon={<ShieldCheck aria-hidden />}>
          {t('recheck')}
        </Button>
        {others.length === 0 ? null : (
          <label className="flex min-w-0 items-center gap-2 text-sm">
            <GitCompareArrows aria-hidden className="size-4 shrink-0 text-ink-faint" />
            <span className="sr-only">{t('compare')}</span>
            <select
              value=""
              onChange={(event) =>
                router.push(`/admin/verification/compare?${new URLSearchParams({ one: reportId, other: event.target.value })}`)
              }
              className="h-8 min-w-0 max-w-64 rounded-md border border-control/70 bg-surface px-2 text-sm max-md:h-10"
            >
              <option value="" disabled>
                {t('compare')}
              </option>
              {others.map((report) => (
                <option key={report.id} value={report.id}>
                  {format.dateTime(report.createdAt)} · {report.requestedBy}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      {recheck.error ? <ErrorPanel error={recheck.error} announce /> : null}
      {recheck.data ? (
        <Callout
          live="status"
          tone={recheck.data.isUnchanged ? 'success' : 'danger'}
          title={t(recheck.data.isUnchanged ? (recheck.data.audited === null ? 'unchangedAlone' : 'unchanged') : 'changed')}
        >
          <code className="break-all font-mono text-xs">{recheck.data.computed}</code>
        </Callout>
      ) : null}
    </section>
  )
}
