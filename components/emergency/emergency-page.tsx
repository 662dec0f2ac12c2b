'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { ErrorPanel } from '@/components/api/error-panel'
import { LinkButton } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import { LoadingCard } from '@/components/ui/loading-card'
import { emergencySwitchMutation, situationQuery } from './emergency-queries'
import { EmergencySignIn } from './emergency-sign-in'
import { EmergencySwitch } from './emergency-switch'

/** PostgreSQL is gone: who is asking, what stays behind, and the switch to SQLite. */
export function EmergencyPage() {
  const t = useTranslations('emergency')
  const leave = useMutation(emergencySwitchMutation())
  const situation = useQuery({ ...situationQuery(), enabled: !leave.isSuccess })
  const known = situation.data
  const isEmergency = known?.status === 'gone' || known?.status === 'undecided'
  return (
    <div className="flex flex-col gap-4">
      <header>
        <h1 className="font-semibold text-xl">{t('title')}</h1>
        <p className="mt-1 text-ink-soft">{t('lead')}</p>
      </header>
      {situation.error && !known ? <ErrorPanel error={situation.error} onRetry={() => void situation.refetch()} /> : null}
      {!known && !situation.error ? <LoadingCard label={t('asking')} rows={4} /> : null}
      {leave.isSuccess ? (
        <Callout
          tone="success"
          live="status"
          title={t('done.title')}
          actions={<LinkButton href="/admin/migration">{t('done.go')}</LinkButton>}
        >
          {t('done.body')}
        </Callout>
      ) : null}
      {!leave.isSuccess && known && !isEmergency ? (
        <Callout
          tone={known.status === 'answers' ? 'success' : 'info'}
          live="status"
          title={t(`${known.status}.title`)}
          actions={<LinkButton href="/admin/migration">{t('open')}</LinkButton>}
        >
          {t(`${known.status}.body`)}
        </Callout>
      ) : null}
      {!leave.isSuccess && known && isEmergency ? (
        <>
          <Callout tone="danger" live="status" title={t(`${known.status}.title`)}>
            {t(`${known.status}.body`)}
          </Callout>
          {known.person === null || !known.details ? (
            <EmergencySignIn />
          ) : (
            <EmergencySwitch isUndecided={known.status === 'undecided'} person={known.person} details={known.details} leave={leave} />
          )}
          <Card aria-labelledby="terminal">
            <CardHeader title={t('terminal.title')} titleId="terminal" description={t('terminal.body')} />
            <CardBody>
              <pre className="overflow-x-auto rounded-md bg-sunken p-2 font-mono text-xs">npm run rollback:sqlite -- --emergency</pre>
            </CardBody>
          </Card>
        </>
      ) : null}
    </div>
  )
}
