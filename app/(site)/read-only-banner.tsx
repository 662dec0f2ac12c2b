'use client'

import { useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useEffect, useRef } from 'react'
import { toast } from 'sonner'
import { Callout } from '@/components/ui/callout'
import { statusQuery } from './site-queries'

/** Says that nothing can be saved while the database is being moved, and when it can be again. */
export function ReadOnlyBanner() {
  const t = useTranslations('site.readOnly')
  const { data } = useQuery(statusQuery)
  const readOnly = data?.readOnly ?? false
  const wasReadOnly = useRef(false)
  useEffect(() => {
    if (wasReadOnly.current && !readOnly) toast.success(t('over'))
    wasReadOnly.current = readOnly
  }, [readOnly, t])
  // The region is there before its words are, or screen readers would not read them out.
  return (
    <div role="status">
      {readOnly ? (
        <div className="mx-auto w-full max-w-4xl px-4 pt-4 sm:px-6">
          <Callout tone="warning" title={t('title')}>
            {t('body')}
          </Callout>
        </div>
      ) : null}
    </div>
  )
}
