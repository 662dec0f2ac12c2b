'use client'

import { useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { TimeStamp } from '@/components/format/time-stamp'
import { Badge } from '@/components/ui/badge'
import { LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { latestPreflightQuery } from './preflight-queries'
import { verdictLooks } from './status-looks'

/** The verdict of the newest preflight in one line, and the way to it. Nothing while it is not known. */
export function PreflightLink() {
  const t = useTranslations('preflight')
  const { data: report, isSuccess } = useQuery(latestPreflightQuery())
  if (!isSuccess) return null
  const look = report ? verdictLooks[report.result.verdict] : null
  return (
    <Card aria-labelledby="preflight-link" className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-4 py-3 sm:px-5">
      <div className="min-w-0 text-sm">
        <h2 id="preflight-link" className="flex flex-wrap items-center gap-2 font-semibold text-base">
          {t('link')}
          {report && look ? (
            <Badge tone={look.tone} icon={<look.Icon aria-hidden />}>
              {t(`verdict.${report.result.verdict}`)}
            </Badge>
          ) : null}
        </h2>
        <p className="text-ink-faint">
          {report ? t.rich('linkAt', { when: () => <TimeStamp iso={report.createdAt} relative /> }) : t('linkNone')}{' '}
          {report ? <span className="break-all font-mono text-xs">{report.result.target}</span> : null}
        </p>
      </div>
      <LinkButton href="/admin/preflight">{t('linkOpen')}</LinkButton>
    </Card>
  )
}
