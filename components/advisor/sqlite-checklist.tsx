'use client'

import { ArrowRight } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { CopyButton } from '@/components/preflight/copy-button'
import { statusLooks } from '@/components/preflight/status-looks'
import { LinkButton } from '@/components/ui/button'
import { Card, CardHeader } from '@/components/ui/card'
import { classNames } from '@/components/ui/class-names'
import type { ChecklistItem } from '@/lib/advisor/advice'

/** What production on SQLite needs, each point answered by a look at the real thing. */
export function SqliteChecklist({ items }: { items: readonly ChecklistItem[] }) {
  const t = useTranslations('advisor.checklist')
  return (
    <Card aria-labelledby="checklist" className="overflow-hidden">
      <CardHeader title={t('title')} titleId="checklist" description={t('body')} />
      <ul>
        {items.map((item) => (
          <ChecklistLine key={item.name} item={item} />
        ))}
      </ul>
    </Card>
  )
}

function ChecklistLine({ item: { name, status, where, remedy, page } }: { item: ChecklistItem }) {
  const t = useTranslations('advisor.checklist')
  const { Icon, ink } = statusLooks[status]
  return (
    <li
      data-check={name}
      data-status={status}
      className="grid grid-cols-[1.25rem_minmax(0,1fr)] gap-x-2.5 border-line border-t px-4 py-2.5 text-sm sm:px-5"
    >
      <Icon aria-hidden className={classNames('mt-0.5 size-4', ink)} />
      <div className="min-w-0">
        <p>
          <span className="font-medium">{t(`items.${name}.title`)}</span>
          <span className={classNames('ml-2 text-xs', ink)}>{t(`status.${status}`)}</span>
        </p>
        <p className="max-w-prose text-ink-soft">{t(`items.${name}.why`)}</p>
        {where === null ? null : <p className="break-all font-mono text-ink-faint text-xs">{where}</p>}
        {remedy === null ? null : (
          <div className="mt-1.5 flex items-start justify-between gap-2 rounded-md border border-line bg-sunken p-2">
            <pre className="min-w-0 whitespace-pre-wrap break-all pt-0.5 font-mono text-xs">{remedy}</pre>
            <CopyButton text={remedy} label={t(`items.${name}.title`)} />
          </div>
        )}
        {page === null || status === 'passed' ? null : (
          <LinkButton href={page} size="small" className="mt-1.5" icon={<ArrowRight aria-hidden />}>
            {t('open')}
          </LinkButton>
        )}
      </div>
    </li>
  )
}
