'use client'

import { useTranslations } from 'next-intl'
import { ApiError } from '@/components/api/api-error'
import { LinkButton } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'

/** Whether an error tells that PostgreSQL does not answer. */
export function isAboutPostgres(error: unknown): boolean {
  return error instanceof ApiError && (error.code === 'TARGET_UNREACHABLE' || error.code === 'TARGET_CONNECTION_LOST')
}

/** The way out when PostgreSQL is gone. */
export function EmergencyNotice() {
  const t = useTranslations('emergency.notice')
  return (
    <Callout tone="warning" title={t('title')} actions={<LinkButton href="/emergency">{t('open')}</LinkButton>}>
      {t('body')}
    </Callout>
  )
}
