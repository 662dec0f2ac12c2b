'use client'

import { useTranslations } from 'next-intl'
import { ApiError } from '@/components/api/api-error'
import { ErrorPanel } from '@/components/api/error-panel'
import { LinkButton } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'

/** Why a CV was not saved, in the words of this form; what was entered is still there. */
export function AddError({ error }: { error: unknown }) {
  const t = useTranslations('site.form')
  if (!(error instanceof ApiError)) return <ErrorPanel error={error} announce />
  if (error.code === 'APP_READ_ONLY') {
    return (
      <Callout tone="warning" live="alert" title={t('readOnlyTitle')}>
        {t('readOnlyBody')}
      </Callout>
    )
  }
  if (error.code === 'STATE_CONFLICT' && error.subject === 'credits') {
    return (
      <Callout
        tone="warning"
        live="alert"
        title={t('noCreditsTitle')}
        actions={<LinkButton href="/account">{t('noCreditsAction')}</LinkButton>}
      >
        {t('noCreditsBody')}
      </Callout>
    )
  }
  if (error.code === 'NOT_SIGNED_IN') {
    return (
      <Callout tone="warning" live="alert" title={t('signedOutTitle')}>
        {t('signedOutBody')}
      </Callout>
    )
  }
  if (error.code === 'INVALID_INPUT' && error.subject === 'file') {
    return (
      <Callout tone="danger" live="alert" title={t('refusedTitle')}>
        {t('refusedBody')}
      </Callout>
    )
  }
  return <ErrorPanel error={error} announce />
}
