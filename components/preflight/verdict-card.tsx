'use client'

import { useTranslations } from 'next-intl'
import { TimeStamp } from '@/components/format/time-stamp'
import { useFormatters } from '@/components/format/use-formatters'
import { useNow } from '@/components/format/use-now'
import { Badge } from '@/components/ui/badge'
import { classNames } from '@/components/ui/class-names'
import { checkStatuses } from '@/lib/preflight/check-catalogue'
import type { StoredPreflight } from './preflight-queries'
import { statusLooks, verdictLooks } from './status-looks'

/** After this long nobody should rely on what was found. */
const oldMs = 24 * 3_600_000

/** One verdict on top, with when it was found, by whom, and of what. */
export function VerdictCard({ report }: { report: StoredPreflight }) {
  const t = useTranslations('preflight')
  const format = useFormatters()
  const now = useNow(60_000, true)
  const { verdict, checks, elapsedMs, source, target } = report.result
  const { Icon, ink, box } = verdictLooks[verdict]
  const isOld = now - Date.parse(report.createdAt) > oldMs
  return (
    <section aria-labelledby="verdict" className={classNames('rounded-lg border', box)} data-verdict={verdict}>
      <div className="flex gap-3 px-4 py-4 sm:px-5">
        <Icon aria-hidden className={classNames('mt-0.5 size-6 shrink-0', ink)} />
        <div className="min-w-0 flex-1">
          <h2 id="verdict" className="font-semibold text-lg">
            {t(`verdict.${verdict}`)}
          </h2>
          <p className="text-ink-soft text-sm">{t(`verdictBody.${verdict}`)}</p>
          {isOld ? <p className="mt-1 font-medium text-sm text-warning-ink">{t('old')}</p> : null}
          <div className="mt-2.5 flex flex-wrap gap-1.5">
            {checkStatuses.map((status) => {
              const count = checks.filter((check) => check.status === status).length
              const look = statusLooks[status]
              return count === 0 ? null : (
                <Badge key={status} tone={look.tone} icon={<look.Icon aria-hidden />} className="border border-line bg-surface">
                  {t(`counts.${status}`, { count })}
                </Badge>
              )
            })}
          </div>
        </div>
      </div>
      <dl className="grid gap-x-6 gap-y-1 rounded-b-[7px] border-line border-t bg-surface px-4 py-2.5 text-sm sm:grid-cols-[auto_minmax(0,1fr)] sm:px-5">
        <dt className="text-ink-faint">{t('ranAt')}</dt>
        <dd>
          <TimeStamp iso={report.createdAt} relative /> {t('ranAgo', { who: report.requestedBy, time: format.duration(elapsedMs) })}
        </dd>
        <dt className="text-ink-faint">{t('source')}</dt>
        <dd className="break-all font-mono text-xs leading-5">{source}</dd>
        <dt className="text-ink-faint">{t('against')}</dt>
        <dd className="break-all font-mono text-xs leading-5">{target}</dd>
      </dl>
    </section>
  )
}
