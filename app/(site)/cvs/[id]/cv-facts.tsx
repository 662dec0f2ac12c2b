'use client'

import { useTranslations } from 'next-intl'
import { useFormatters } from '@/components/format/use-formatters'
import type { CvView } from '@/lib/cvsite/cvs'
import { kindOf } from '../../cv-kind'
import { LocalDate } from '../../local-date'

/** File, kind, size and day of a CV in one line. */
export function CvFacts({ cv }: { cv: CvView }) {
  const t = useTranslations('site.cvs')
  const format = useFormatters()
  return (
    <span className="flex flex-wrap gap-x-2 text-sm">
      <bdi className="break-all">{cv.filename}</bdi>
      <span>{t(`kinds.${kindOf(cv.contentType)}`)}</span>
      <span>{t(`sources.${cv.source}`)}</span>
      <span>{format.bytes(cv.sizeBytes)}</span>
      <LocalDate iso={cv.createdAt} />
    </span>
  )
}
