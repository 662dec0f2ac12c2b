'use client'

import { CircleCheck, CircleHelp, TriangleAlert } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useFormatters } from '@/components/format/use-formatters'
import { Card, CardHeader } from '@/components/ui/card'
import { classNames } from '@/components/ui/class-names'
import type { Aspect } from '@/lib/verification/verification-result'

const looks = {
  passed: { Icon: CircleCheck, ink: 'text-success-ink' },
  failed: { Icon: TriangleAlert, ink: 'text-danger-ink' },
  unknown: { Icon: CircleHelp, ink: 'text-warning-ink' },
} as const

/** What was looked at beside the rows, each with its outcome. */
export function AspectsPanel({ aspects }: { aspects: readonly Aspect[] }) {
  const t = useTranslations('verification')
  const document = useTranslations('verification.document')
  const format = useFormatters()
  return (
    <Card aria-labelledby="aspects">
      <CardHeader title={document('aspects')} titleId="aspects" />
      <ul className="grid grid-cols-[repeat(auto-fill,minmax(11rem,1fr))] gap-x-4 gap-y-1 px-4 pb-4 sm:px-5">
        {aspects.map(({ name, status, checked, failed }) => {
          const { Icon, ink } = looks[status]
          return (
            <li key={name} className="flex items-start gap-2 py-1 text-sm">
              <Icon aria-hidden className={classNames('mt-0.5 size-4 shrink-0', ink)} />
              <span className="min-w-0">
                <span className="block font-medium">{document(`aspectName.${name}`)}</span>
                <span className="block text-ink-faint text-xs">
                  {status === 'failed'
                    ? t('aspectFailed', { failed: format.number(failed) })
                    : `${document(`aspectStatus.${status}`)} · ${t('aspectChecked', { count: checked, checked: format.number(checked) })}`}
                </span>
              </span>
            </li>
          )
        })}
      </ul>
    </Card>
  )
}
