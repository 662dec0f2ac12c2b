'use client'

import { useLocale, useTranslations } from 'next-intl'
import { useFormatters } from '@/components/format/use-formatters'
import { useNow } from '@/components/format/use-now'
import { browserZone } from './local-time'

export interface PlannedTimeProps {
  iso: string
  /** In which the time was chosen. */
  zone: string
}

/** A planned moment with its time zone, in the reader's own zone as well where that is another, and how far off it is. */
export function PlannedTime({ iso, zone }: PlannedTimeProps) {
  const t = useTranslations('migration.switchPlan')
  const locale = useLocale()
  const format = useFormatters()
  const now = useNow(15_000)
  const shown = (timeZone: string) =>
    new Intl.DateTimeFormat(locale, {
      weekday: 'long',
      day: 'numeric',
      month: 'long',
      hour: '2-digit',
      minute: '2-digit',
      timeZone,
      timeZoneName: 'short',
    }).format(new Date(iso))
  const own = browserZone()
  return (
    <time dateTime={iso}>
      {shown(zone)} <span className="text-ink-faint">({zone})</span>
      {own === zone ? null : <span className="text-ink-faint"> · {t('yours', { time: shown(own) })}</span>}
      <span className="text-ink-faint"> · {format.relative(iso, now)}</span>
    </time>
  )
}
