'use client'

import { useLocale } from 'next-intl'
import { useSyncExternalStore } from 'react'

const nothing = () => () => undefined

/**
 * A day in the reader's time zone. The server does not know that zone: it renders the day in UTC, and the
 * browser replaces it after waking up, without a mismatch between the two.
 */
export function LocalDate({ iso, className }: { iso: string; className?: string }) {
  const locale = useLocale()
  const format = (timeZone?: string) => new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone }).format(new Date(iso))
  const text = useSyncExternalStore(
    nothing,
    () => format(),
    () => format('UTC'),
  )
  return (
    <time dateTime={iso} className={className}>
      {text}
    </time>
  )
}
