'use client'

import { CircleAlert, CircleCheck, CircleHelp, TriangleAlert } from 'lucide-react'
import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { useFormatters } from '@/components/format/use-formatters'
import { Badge } from '@/components/ui/badge'
import { classNames } from '@/components/ui/class-names'
import type { TargetCheck, TargetInspection } from '@/lib/postgres/inspect-target'
import { type CheckText, useCheckText } from './use-check-text'

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
  const checkText = useCheckText(inspection)
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
          <CheckLine key={check.name} check={check} text={checkText(check)} />
        ))}
      </ul>
    </div>
  )
}

function CheckLine({ check, text }: { check: TargetCheck; text: CheckText }) {
  const t = useTranslations('migration')
  const { Icon, ink } = looks[check.status]
  return (
    <li className="grid grid-cols-[1.25rem_minmax(0,1fr)] gap-x-2 border-line border-b px-3 py-2 text-sm last:border-b-0 sm:grid-cols-[1.25rem_13rem_minmax(0,1fr)]">
      <Icon aria-hidden className={classNames('mt-0.5 size-4', ink)} />
      <p className="font-medium">
        {t(`check.${check.name}`)}
        <span className={classNames('ml-2 whitespace-nowrap font-normal text-xs', ink)}>{t(`checkStatus.${check.status}`)}</span>
      </p>
      <div className="min-w-0 text-ink-soft max-sm:col-start-2">
        <p>{text.message}</p>
        {text.hint === null ? null : <p className="text-ink">{text.hint}</p>}
        {check.status === 'failed' && check.code !== null ? (
          <Link href={`/admin/troubleshooting#${check.code}`} className="rounded text-xs underline underline-offset-4 hover:text-ink">
            {t('target.explain')}
          </Link>
        ) : null}
        {text.detail === null ? null : (
          <p lang="en" className="mt-0.5 break-words font-mono text-ink-faint text-xs">
            {text.detail}
          </p>
        )}
      </div>
    </li>
  )
}
