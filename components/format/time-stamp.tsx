'use client'

import { useFormatters } from './use-formatters'
import { useNow } from './use-now'

export interface TimeStampProps {
  iso: string
  /** relative: "3 minutes ago", with the exact time on hover. Default: the date and time. */
  relative?: boolean
  className?: string
}

/** An instant for people and for machines. */
export function TimeStamp({ iso, relative = false, className }: TimeStampProps) {
  const format = useFormatters()
  const now = useNow(15_000, relative)
  return (
    <time dateTime={iso} title={format.dateTime(iso)} className={className}>
      {relative ? format.relative(iso, now) : format.dateTime(iso)}
    </time>
  )
}
