'use client'

import { useTranslations } from 'next-intl'
import { PageError } from '@/components/shell/page-error'

export interface ErrorPageProps {
  error: Error & { digest?: string }
  /** Renders the segment again, with its data asked for anew. */
  retry: () => void
}

export default function ErrorPage({ error, retry }: ErrorPageProps) {
  const t = useTranslations('pages')
  return (
    <main id="content" className="mx-auto flex min-h-dvh max-w-lg flex-col justify-center px-6">
      <PageError title={t('errorTitle')} digest={error.digest} retry={retry} />
    </main>
  )
}
