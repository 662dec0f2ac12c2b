'use client'

import { useTranslations } from 'next-intl'
import { PageError } from '@/components/shell/page-error'

export interface ErrorPageProps {
  error: Error & { digest?: string }
  /** Renders the segment again, with its data asked for anew. */
  retry: () => void
}

/** Inside the frame: the navigation stays. */
export default function AdminErrorPage({ error, retry }: ErrorPageProps) {
  const t = useTranslations('pages')
  return <PageError title={t('errorTitle')} digest={error.digest} retry={retry} />
}
