'use client'

import { useTranslations } from 'next-intl'
import { useFormatters } from '@/components/format/use-formatters'
import type { AlarmDetail } from '@/lib/alarms/alarm-view'

/** The sentence for an alarm, in the reader's language, with its figures. */
export function useAlarmSentence(): (detail: AlarmDetail) => string {
  const t = useTranslations('alarms.sentence')
  const format = useFormatters()
  const size = (value: number | undefined) => (value === undefined ? '–' : format.bytes(value))
  return (detail) =>
    t(detail.kind, {
      at: detail.at === undefined ? '' : format.dateTime(detail.at),
      size: size(detail.sizeBytes),
      usual: size(detail.usualBytes),
      free: size(detail.freeBytes),
      place: detail.place ?? '',
    })
}
