'use client'

import { CircleAlert, CircleCheck, CircleHelp, TriangleAlert } from 'lucide-react'
import { useLocale, useTranslations } from 'next-intl'
import { useErrorText } from '@/components/api/use-error-text'
import { useFormatters } from '@/components/format/use-formatters'
import { Badge } from '@/components/ui/badge'
import { classNames } from '@/components/ui/class-names'
import type { TargetCheck, TargetInspection } from '@/lib/postgres/inspect-target'

const looks = {
  passed: { Icon: CircleCheck, ink: 'text-success-ink' },
  failed: { Icon: CircleAlert, ink: 'text-danger-ink' },
  warning: { Icon: TriangleAlert, ink: 'text-warning-ink' },
  unknown: { Icon: CircleHelp, ink: 'text-ink-faint' },
} as const

/** What a test of the target found, check by check, each problem with its remedy. */
export function TargetChecks({ inspection }: { inspection: TargetInspection }) {
  const t = useTranslations('migration')
  const format = useFormatters()
  const { isReady, label, serverVersion, sizeBytes } = inspection
  return (
    <div className="overflow-hidden rounded-lg border border-line">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 border-line border-b bg-sunken/60 px-3 py-2 text-sm">
        <Badge tone={isReady ? 'success' : 'danger'} icon={isReady ? <CircleCheck aria-hidden /> : <CircleAlert aria-hidden />}>
          {t(isReady ? 'target.ready' : 'target.notReady')}
        </Badge>
        {serverVersion === null ? null : <span>{t('target.tested', { version: serverVersion })}</span>}
        {sizeBytes === null ? null : <span className="tabular text-ink-faint">{format.bytes(sizeBytes)}</span>}
        <span className="min-w-0 break-all font-mono text-ink-faint text-xs">{label}</span>
      </div>
      <ul>
        {inspection.checks.map((check) => (
          <CheckLine key={check.name} check={check} latencyMs={check.name === 'latency' ? inspection.latencyMs : null} />
        ))}
      </ul>
    </div>
  )
}

function CheckLine({ check, latencyMs }: { check: TargetCheck; latencyMs: number | null }) {
  const t = useTranslations('migration')
  const locale = useLocale()
  const errorText = useErrorText()
  const format = useFormatters()
  const { Icon, ink } = looks[check.status]
  // A code has its sentences in both languages. The rest is the library's own English, said as such.
  const text = check.code === null ? null : errorText({ code: check.code, message: check.message, retryable: false })
  const english = locale === 'en' ? undefined : 'en'
  return (
    <li className="grid grid-cols-[1.25rem_minmax(0,1fr)] gap-x-2 border-line border-b px-3 py-2 text-sm last:border-b-0 sm:grid-cols-[1.25rem_9rem_minmax(0,1fr)]">
      <Icon aria-hidden className={classNames('mt-0.5 size-4', ink)} />
      <p className="font-medium">
        {t(`check.${check.name}`)}
        <span className={classNames('ml-2 font-normal text-xs', ink)}>{t(`checkStatus.${check.status}`)}</span>
      </p>
      <div className="min-w-0 text-ink-soft max-sm:col-start-2">
        {text === null ? (
          <>
            <p lang={english}>{latencyMs !== null && check.status === 'passed' ? format.duration(latencyMs) : check.message}</p>
            {check.hint === null ? null : (
              <p lang={english} className="text-ink">
                {check.hint}
              </p>
            )}
          </>
        ) : (
          <>
            <p>{text.title}</p>
            <p className="text-ink">{text.hint}</p>
            <p lang="en" className="mt-0.5 break-words font-mono text-ink-faint text-xs">
              {check.message}
            </p>
          </>
        )}
      </div>
    </li>
  )
}
