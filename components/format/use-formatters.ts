'use client'

import { useLocale } from 'next-intl'
import { createFormatters, type Formatters } from './formatters'

const byLocale = new Map<string, Formatters>()

/** Numbers, sizes, durations and dates in the reader's language and time zone. */
export function useFormatters(): Formatters {
  const locale = useLocale()
  const known = byLocale.get(locale)
  if (known) return known
  const made = createFormatters(locale)
  byLocale.set(locale, made)
  return made
}
