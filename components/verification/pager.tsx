'use client'

import { ChevronLeft, ChevronRight } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useFormatters } from '@/components/format/use-formatters'
import { Button } from '@/components/ui/button'

export interface PagerProps {
  pageIndex: number
  pageSize: number
  total: number
  onChange: (pageIndex: number) => void
}

/** Ways to the next and the previous page; nothing while all fits on one. */
export function Pager({ pageIndex, pageSize, total, onChange }: PagerProps) {
  const t = useTranslations('verification')
  const format = useFormatters()
  if (total <= pageSize) return null
  const from = pageIndex * pageSize + 1
  const to = Math.min(total, from + pageSize - 1)
  return (
    <nav aria-label={t('table')} className="flex items-center justify-end gap-2 border-line border-t px-4 py-2 sm:px-5">
      <p role="status" className="tabular mr-2 text-ink-faint text-xs">
        {t('page', { from: format.number(from), to: format.number(to), total: format.number(total) })}
      </p>
      <Button
        size="icon"
        aria-label={t('previous')}
        disabled={pageIndex === 0}
        onClick={() => onChange(pageIndex - 1)}
        icon={<ChevronLeft aria-hidden />}
      />
      <Button
        size="icon"
        aria-label={t('next')}
        disabled={to >= total}
        onClick={() => onChange(pageIndex + 1)}
        icon={<ChevronRight aria-hidden />}
      />
    </nav>
  )
}
