'use client'

import { useTranslations } from 'next-intl'
import { Button } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'

export interface PageErrorProps {
  title: string
  /** Number that the log of the web process has for it. */
  digest: string | undefined
  retry: () => void
}

/** What is shown where a page failed to render. */
export function PageError({ title, digest, retry }: PageErrorProps) {
  const t = useTranslations('pages')
  const common = useTranslations('common')
  return (
    <div className="flex flex-col gap-4">
      <h1 className="font-semibold text-xl">{title}</h1>
      <Callout tone="danger" title={t('errorBody')} live="alert" actions={<Button onClick={retry}>{common('retry')}</Button>}>
        {digest === undefined ? null : <p className="font-mono text-xs">{t('errorReference', { digest })}</p>}
      </Callout>
    </div>
  )
}
